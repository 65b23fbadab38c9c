// An OpenID Connect provider for tests: `node provider.js <port> <file>`. The file has, as JSON, the client's secret and
// what is said of each person, by the name that he logs in with. It logs in whoever gives a name, with any password.
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const [port, file] = process.argv.slice(2);
const { secret, people } = JSON.parse(readFileSync(file, 'utf8'));
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'cspace',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_post',
    application_type: 'native', // so that the port of the callback may be any
    redirect_uris: ['http://127.0.0.1/sso/oidc/callback/'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  pkce: { required: () => true },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username', 'groups', 'department'],
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
  cookies: { keys: ['a key of a test'] },
  jwks: undefined,
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
