// A real issuer of OpenID Connect on this machine: oidc-provider, with a login of
// its own that asks for no more than a name. Usage: node issuer.mjs PORT KEYS RETURN
// where KEYS is a file that keeps its keys from one start to the next, and RETURN is
// where people are sent back to. It says "listening" and stops at the end of its input.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, keys, back] = process.argv.slice(2);
if (!existsSync(keys)) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(keys, JSON.stringify({ keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" }] }));
}

// Programs get tokens of their own. "brief" gets short ones; "plain" may ask for
// none that are JWT.
const program = (id) => ({
  client_id: id, client_secret: `the secret of ${id}`, grant_types: ["client_credentials"], redirect_uris: [], response_types: [],
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: JSON.parse(readFileSync(keys, "utf8")),
  clients: [
    program("deployer"), program("watcher"), program("stranger"), program("brief"),
    { client_id: "tryout", client_secret: "the secret of tryout", redirect_uris: [back], grant_types: ["authorization_code"], response_types: ["code"] },
  ],
  claims: { email: ["email", "email_verified"] },
  cookies: { keys: ["a key of this test"] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, audience, client) => ({
        audience, scope: "beta", accessTokenFormat: "jwt", accessTokenTTL: client.clientId === "brief" ? 1 : 600, jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (ctx, token) => ({ groups: token.clientId === "stranger" ? ["others"] : ["all", `${token.clientId}s`] }),
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@studio.test`, email_verified: id !== "unverified" }) }),
  interactions: { url: (ctx, interaction) => `/login/${interaction.uid}` },
  loadExistingGrant: async (ctx) => { // whoever signs in, agrees
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
});

const answer = provider.callback();
const server = createServer(async (req, res) => {
  if (!req.url.startsWith("/login/")) {
    return answer(req, res);
  }
  if (req.method === "GET") {
    res.setHeader("Content-Type", "text/html");
    return res.end('<h1>The issuer</h1><form method="post"><label>Name <input name="name"></label> <button>Log in</button></form>');
  }
  let form = "";
  for await (const part of req) {
    form += part;
  }
  const accountId = new URLSearchParams(form).get("name");
  return provider.interactionFinished(req, res, accountId ? { login: { accountId } } : { error: "access_denied" });
});
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
process.stdin.on("end", () => process.exit(0)).resume();
