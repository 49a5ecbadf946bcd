// The official TypeScript client against one door in one era; a program that prints one line of JSON.
// Its argument: {"era", "url"} for HTTP, {"era", "command", "args", "env"} for stdio.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const { era, url, ...server } = JSON.parse(process.argv[2]);
const asked = [];
const client = new Client(
  { name: "interop", version: "1" },
  {
    capabilities: { elicitation: {} },
    versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: era } },
  },
);
client.setRequestHandler("elicitation/create", ({ params }) => {
  asked.push(params.message);
  return { action: "decline" };
});
await client.connect(
  url ? new StreamableHTTPClientTransport(new URL(url)) : new StdioClientTransport(server),
);

const { tools } = await client.listTools();
const read = await client.callTool({ name: "get_quotas", arguments: {} });
const refused = await client.callTool({ name: "get_user", arguments: { id: "../me" } });
const deleted = await client.callTool({ name: "delete_user", arguments: { uid: "interop" } });
const unknown = await client.callTool({ name: "no_such_tool", arguments: {} }).catch((e) => e);
console.log(
  JSON.stringify({
    version: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion()?.name,
    tools: tools.map(({ name }) => name),
    read: read.structuredContent,
    refused: refused.isError,
    deleted: deleted.content[0].text,
    asked,
    unknown: unknown.code,
  }),
);
await client.close();
