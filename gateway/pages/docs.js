// Shows the OpenAPI document of this gateway, to be read, not to be tried out.
"use strict";

SwaggerUIBundle({
  // A relative address: a proxy may serve the gateway under any path.
  url: "openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  supportedSubmitMethods: [],
  // The badge of a validator elsewhere.
  validatorUrl: null,
});
