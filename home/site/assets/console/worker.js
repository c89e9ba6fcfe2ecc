// Holds the session. Tokens live in this worker's memory and nowhere else: a script that got into
// a page could ask for things to be done while the page is open, but it could not read a token
// and carry it away. One worker serves all open pages of the site where the browser can share it.

const settings = new URL(self.location.href).searchParams
const origins = { auth: settings.get('auth'), api: settings.get('api') }
const TIMEOUT = 20_000
// Renew a little early rather than be refused.
const MARGIN = 30_000

let session = null
let renewal = null
const ports = new Set()

class Failure extends Error {
  constructor(message, { code = 'UNKNOWN', status = 0, field = null, retryAfter = null } = {}) {
    super(message)
    Object.assign(this, { code, status, field, retryAfter })
  }
}

async function send(service, method, path, body, token) {
  const headers = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (token) headers.authorization = `Bearer ${token}`
  let response
  try {
    response = await fetch(origins[service] + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(TIMEOUT),
    })
  } catch (error) {
    const slow = error.name === 'TimeoutError'
    throw new Failure(slow ? 'The service took too long to answer. Try again.' : 'The service cannot be reached. Check your connection and try again.', { code: 'UNREACHABLE' })
  }
  const answer = await response.json().catch(() => ({}))
  if (response.ok || Array.isArray(answer.errors)) return answer
  const wait = Number(response.headers.get('retry-after')) || answer.retryAfter || null
  throw new Failure(answer.detail ?? answer.error ?? `The service answered with status ${response.status}.`, {
    code: answer.code ?? 'HTTP', status: response.status, field: answer.field ?? null, retryAfter: wait,
  })
}

function keep(answer) {
  session = {
    access: answer.accessToken,
    refresh: answer.refreshToken,
    expires: Date.now() + (answer.expiresIn ?? 900) * 1000,
    user: answer.user ?? session?.user,
  }
  tell()
  return session.user
}

function forget() {
  session = null
  tell()
}

function tell() {
  for (const port of ports) port.postMessage({ event: 'user', user: session?.user ?? null })
}

// One renewal at a time: the old refresh token can be used once.
function renew() {
  renewal ??= send('auth', 'POST', '/auth/refresh', { refreshToken: session.refresh })
    .then(keep)
    .catch((failure) => {
      if (failure.status === 401) forget()
      throw failure.status === 401 ? new Failure('Your session has ended. Sign in again.', { code: 'UNAUTHENTICATED', status: 401 }) : failure
    })
    .finally(() => { renewal = null })
  return renewal
}

async function authorized(service, method, path, body) {
  if (!session) throw new Failure('Sign in first.', { code: 'UNAUTHENTICATED', status: 401 })
  if (session.expires - Date.now() < MARGIN) await renew()
  const refused = (answer) => answer.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED')
  try {
    const answer = await send(service, method, path, body, session.access)
    if (!refused(answer)) return answer
  } catch (failure) {
    if (failure.status !== 401) throw failure
  }
  await renew()
  return send(service, method, path, body, session.access)
}

async function graphql(query, variables) {
  const answer = await authorized('api', 'POST', '/graphql', { query, variables })
  const [error] = answer.errors ?? []
  if (error) throw new Failure(error.message, { code: error.extensions?.code, field: error.extensions?.field ?? null })
  return answer.data
}

const operations = {
  user: async () => session?.user ?? null,
  challenge: ({ address, chainId }) => send('auth', 'POST', '/auth/wallet/challenge', { address, chainId }),
  signIn: async ({ message, signature }) => keep(await send('auth', 'POST', '/auth/wallet/verify', { message, signature })),
  signOut: async () => {
    const { refresh } = session ?? {}
    // Gone here at once, whatever the service says; but say so if it did not hear.
    const done = session && send('auth', 'POST', '/auth/logout', { refreshToken: refresh }, session.access)
    forget()
    await done
  },
  forget: async () => forget(),
  rest: ({ method, path, body }) => authorized('auth', method, path, body),
  graphql: ({ query, variables }) => graphql(query, variables),
}

function connect(port) {
  ports.add(port)
  port.onmessage = async ({ data: { id, operation, input } }) => {
    if (operation === 'close') return ports.delete(port)
    try {
      port.postMessage({ id, value: await operations[operation](input ?? {}) })
    } catch (error) {
      const { message, code, status, field, retryAfter } = error
      port.postMessage({ id, failure: { message, code, status, field, retryAfter } })
    }
  }
  port.postMessage({ event: 'ready', user: session?.user ?? null })
}

if ('SharedWorkerGlobalScope' in self) self.onconnect = ({ ports: [port] }) => connect(port)
else connect(self)
