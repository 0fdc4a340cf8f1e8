// Drives the unmodified SMAPI SDK for Node.js: reads calls from standard input,
// one JSON array [method, argument...] per line, and prints the outcome of each
// as one line of JSON. Arguments: the server's URL and either an access token or
// a client's id, its secret and a refresh token. The call `accessToken` answers
// with the access token that the SDK holds.
import { createInterface } from 'node:readline';
import smapi from 'ask-smapi-sdk';

const [url, ...secrets] = process.argv.slice(2);

const builder = new smapi.CustomSmapiClientBuilder().withApiEndpoint(url).withAuthEndpoint(url);
if (secrets.length === 1) {
  builder.withAccessTokenConfig({ clientId: 'unused', clientSecret: 'unused', accessToken: secrets[0] });
} else {
  const [clientId, clientSecret, refreshToken] = secrets;
  builder.withRefreshTokenConfig({ clientId, clientSecret, refreshToken });
}
const client = builder.client();

async function outcome(method, args) {
  try {
    if (method === 'accessToken') {
      return { statusCode: 200, body: client.lwaServiceClient.tokenStore.refresh_access_token.token };
    }
    const { statusCode, headers, body } = await client[method](...args);
    return { statusCode, location: smapi.getValueFromHeader(headers, 'location')[0], body };
  } catch (error) {
    const { name, message, statusCode, response } = error;
    return { error: `${name}: ${message}`, statusCode, body: response };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line);
  console.log(JSON.stringify(await outcome(method, args)));
}
