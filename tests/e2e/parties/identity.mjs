// A real OpenID provider (oidc-provider), with a gateway behind it that lets through what this provider's tokens prove.
//
//   node identity.mjs <oidc-provider> <gateway> <options as JSON>
//
// Options: `seconds` that tokens count. Prints one line of JSON once it listens, and one for each command on standard input:
// `browse <page>` does what a person's browser does with a page, `end` forgets every sign-in, `seen` tells what was asked.
import { createServer, request } from "node:http";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [module, gateway, options] = process.argv.slice(2);
const beside = createRequire(pathToFileURL(module));
const { default: Provider } = await import(pathToFileURL(beside.resolve("oidc-provider")));
const { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } = await import(pathToFileURL(beside.resolve("jose")));
const { seconds } = JSON.parse(options);

const kept = new Map();
class Kept {
  constructor(kind) {
    this.kind = kind;
  }
  key(id) {
    return `${this.kind} ${id}`;
  }
  async upsert(id, payload) {
    kept.set(this.key(id), payload);
  }
  async find(id) {
    return kept.get(this.key(id));
  }
  async findByUid(uid) {
    return [...kept.values()].find((payload) => payload.uid === uid);
  }
  async findByUserCode(code) {
    return [...kept.values()].find((payload) => payload.userCode === code);
  }
  async consume(id) {
    kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    kept.delete(this.key(id));
  }
  async revokeByGrantId(grant) {
    for (const [key, payload] of kept) {
      if (payload.grantId === grant) {
        kept.delete(key);
      }
    }
  }
}

const { privateKey } = await generateKeyPair("RS256", { extractable: true });
const key = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" };
const { n, e, kty, alg, use, kid } = key;
const keys = createLocalJWKSet({ keys: [{ n, e, kty, alg, use, kid }] });

const server = createServer();
await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  adapter: Kept,
  jwks: { keys: [key] },
  cookies: { keys: ["tests"] },
  clients: [
    {
      client_id: "deskhand",
      application_type: "native",
      token_endpoint_auth_method: "none",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: seconds, IdToken: seconds, Interaction: 600, Session: 600, Grant: 6000, RefreshToken: 6000 },
});
const asked = [];
for (const what of ["grant.success", "grant.error", "grant.revoked", "refresh_token.destroyed", "access_token.destroyed"]) {
  provider.on(what, () => asked.push(what));
}

/** A person who agrees to everything. */
async function agree(incoming, answer) {
  const { prompt, params, session } = await provider.interactionDetails(incoming, answer);
  if (prompt.name === "login") {
    return provider.interactionFinished(incoming, answer, { login: { accountId: "analyst" } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope ?? "");
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(incoming, answer, { consent }, { mergeWithLastSubmission: true });
}

/** Who a token stands for; undefined where it proves nothing. */
async function whose(token) {
  if (token.split(".").length === 3) {
    const read = await jwtVerify(token, keys, { issuer, audience: "deskhand" }).catch(() => undefined);
    return read?.payload.sub;
  }
  return (await provider.AccessToken.find(token))?.accountId;
}

async function pass(incoming, answer) {
  const [scheme, token = ""] = (incoming.headers.authorization ?? "").split(" ");
  const who = scheme === "Bearer" ? await whose(token) : undefined;
  asked.push(`gateway ${who ?? "nobody"}`);
  if (who === undefined) {
    answer.writeHead(401, { "content-type": "application/json" });
    answer.end(JSON.stringify({ type: "error", error: { type: "authentication_error", message: "no token" } }));
    return;
  }
  const headers = { ...incoming.headers, host: new URL(gateway).host };
  delete headers.authorization;
  const on = request(new URL(incoming.url, gateway), { method: incoming.method, headers }, (from) => {
    answer.writeHead(from.statusCode, from.headers);
    from.pipe(answer);
  });
  on.on("error", () => answer.destroy());
  incoming.pipe(on);
}

const shows = provider.callback();
server.on("request", (incoming, answer) => {
  if (incoming.url.startsWith("/v1/")) {
    void pass(incoming, answer);
  } else if (incoming.url.startsWith("/interaction/")) {
    agree(incoming, answer).catch((error) => answer.writeHead(500).end(String(error)));
  } else {
    // One that is a gateway's own has its metadata where RFC 8414 says.
    incoming.url = incoming.url.replace("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration");
    // Who asks for no scope is given the usual ones (RFC 6749, section 3.3).
    if (incoming.url.startsWith("/auth?") && !incoming.url.includes("scope=")) {
      incoming.url += "&scope=openid%20offline_access";
    }
    shows(incoming, answer);
  }
});

/** Follows a page with its cookies, up to the one that redirects no further. */
async function browse(page) {
  const cookies = new Map();
  let at = page;
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const to = answer.headers.get("location");
    if (to === null) {
      return { status: answer.status, text: await answer.text() };
    }
    at = new URL(to, at).href;
  }
  return { status: 0, text: "too many redirects" };
}

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
tell({ issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, page] = line.split(" ");
  if (command === "browse") {
    tell(await browse(page).catch((error) => ({ status: 0, text: String(error) })));
  } else if (command === "end") {
    kept.clear();
    tell({});
  } else {
    tell(asked.splice(0));
  }
}
process.exit(0);
