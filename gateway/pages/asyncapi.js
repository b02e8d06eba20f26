// Shows the AsyncAPI document of this gateway.
"use strict";

(async () => {
  const viewer = document.getElementById("viewer");

  // How an address works in Redis, line by line. A React component may be a function that returns
  // text.
  const text = (value) => {
    if (Array.isArray(value)) return value.join(", ") || "none";
    return value instanceof Object ? JSON.stringify(value) : value;
  };
  const redis = ({ propertyValue }) =>
    Object.entries(propertyValue)
      .map(([name, value]) => `${name}: ${text(value)}`)
      .join("\n");

  try {
    // Relative addresses: a proxy may serve the gateway under any path.
    const answer = await fetch("asyncapi.json");
    if (!answer.ok) throw new Error(`the gateway answers ${answer.status}`);
    AsyncApiStandalone.render(
      {
        schema: await answer.json(),
        config: {
          show: { sidebar: true, messageExamples: true },
          expand: { messageExamples: true },
          sidebar: { showOperations: "byOperationsTags" },
          extensions: { "x-redis": redis },
        },
      },
      viewer,
    );
  } catch (error) {
    viewer.textContent = `The AsyncAPI document cannot be shown: ${error.message}.`;
  }
})();
