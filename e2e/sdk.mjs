// Drives the unmodified SMAPI SDK for Node.js: reads calls from standard input,
// one JSON array [method, argument...] per line, and prints the outcome of each
// as one line of JSON. Arguments: the server's URL and an access token.
import { createInterface } from 'node:readline';
import smapi from 'ask-smapi-sdk';

const [url, accessToken] = process.argv.slice(2);

const client = new smapi.CustomSmapiClientBuilder()
  .withApiEndpoint(url)
  .withAccessTokenConfig({ clientId: 'unused', clientSecret: 'unused', accessToken })
  .client();

async function outcome(method, args) {
  try {
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
