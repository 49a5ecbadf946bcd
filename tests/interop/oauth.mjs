// The official TypeScript client signs in to one hosted server, refreshes its token and asks for more.
// Its argument: {"url", "era"}, and for a client with a metadata document {"document", "key"}, the
// private key (JWK) that it proves itself with. It prints one line of JSON for each question and reads
// one line of answer: {"authorize": url} -> where the browser was sent to, {"expire": token} -> null;
// its last line is {"heard": ...}.
import { createInterface } from "node:readline";
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  createPrivateKeyJwtAuth,
} from "@modelcontextprotocol/client";

const { url, era, document, key } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (question) => {
  console.log(JSON.stringify(question));
  return JSON.parse((await lines.next()).value);
};

const redirectUrl = "http://127.0.0.1:53683/callback";
const kept = { redirects: 0 };
const provider = {
  redirectUrl,
  clientMetadata: { client_name: "TypeScript client", redirect_uris: [redirectUrl] },
  clientMetadataUrl: document,
  state: () => (kept.state = crypto.randomUUID()),
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  saveDiscoveryState: (state) => void (kept.discovered = state),
  discoveryState: () => kept.discovered,
  redirectToAuthorization: async (authorize) => {
    kept.redirects += 1;
    kept.answer = new URL(await ask({ authorize })).searchParams;
  },
  addClientAuthentication:
    key &&
    createPrivateKeyJwtAuth({ issuer: document, subject: document, privateKey: key, alg: "ES256" }),
};

const refusals = [];
const noting = async (...request) => {
  const answer = await fetch(...request);
  const challenge = answer.headers.get("www-authenticate");
  if (challenge) refusals.push([answer.status, challenge]);
  return answer;
};
const opened = () =>
  new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch: noting });
const client = new Client(
  { name: "interop", version: "1" },
  { versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: era } } },
);
// What a host does: the person was sent away, so the attempt ends, and is made again with the answer.
let transport = opened();
const again = async (attempt, reopened) => {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    if (kept.answer.get("state") !== kept.state) throw new Error("another state came back");
    await transport.finishAuth(kept.answer);
    if (reopened) transport = opened();
    return await attempt();
  }
};
await again(() => client.connect(transport), true);

const heard = { client: kept.client.client_id, granted: [kept.tokens.scope] };
heard.read = (await client.callTool({ name: "get_quotas", arguments: {} })).structuredContent;

const { access_token, refresh_token } = kept.tokens;
await ask({ expire: access_token });
heard.again = (await client.callTool({ name: "get_quotas", arguments: {} })).structuredContent;
heard.refreshed = kept.tokens.refresh_token !== refresh_token && kept.redirects === 1;

const created = { name: "create_user", arguments: { uid: "of-the-typescript-client" } };
heard.created = (await again(() => client.callTool(created))).structuredContent;
heard.granted.push(kept.tokens.scope);
heard.redirects = kept.redirects;
heard.refusals = refusals;
heard.version = client.getNegotiatedProtocolVersion();
console.log(JSON.stringify({ heard }));
await client.close();
process.exit(0);
