// A real identity provider for tests: node oidc_server.mjs PORT KEY_ID ALGORITHM. It is ready when it
// has written a line. Its one client gets access tokens by its secret.
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const [port, kid, alg] = process.argv.slice(2);
const { privateKey } = await generateKeyPair(alg, { extractable: true });
const jwk = { ...(await exportJWK(privateKey)), kid, alg, use: "sig" };
const scope = "hdv:read hdv:upload hdv:delete";

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "reading-room",
      client_secret: "test-only",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  cookies: { keys: ["test-only"] },
  enabledJWA: { idTokenSigningAlgValues: [alg] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:hdv",
      getResourceServerInfo: (_, resource) => ({
        scope,
        audience: resource === "urn:hdv" ? "hdv" : "other",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg } },
      }),
    },
  },
  clientDefaults: { id_token_signed_response_alg: alg },
  jwks: { keys: [jwk] },
  scopes: scope.split(" "),
  ttl: { ClientCredentials: 300 },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
