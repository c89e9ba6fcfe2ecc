// The page's side of the worker that holds the session (worker.js).

const setting = (name) => document.querySelector(`meta[name="af:${name}"]`)?.content ?? ''

/** Addresses and switches the server wrote into the page. */
export const settings = { auth: setting('auth'), api: setting('api'), burner: setting('burner') === 'yes' }

/** What went wrong, as the services put it. */
export class Failure extends Error {
  constructor({ message, code, status, field, retryAfter }) {
    const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`
    super(retryAfter ? `${sentence.replace(/\.$/, '')}. You can try again ${inWords(retryAfter)}.` : sentence)
    Object.assign(this, { code, status, field, retryAfter })
  }
}

const waiting = new Map()
const listeners = new Set()
let port
let counter = 0

/** Connects to the worker; resolves with the user who is signed in, or null. */
export function connect() {
  const url = new URL('worker.js', import.meta.url)
  url.search = new URLSearchParams({ auth: settings.auth, api: settings.api })
  // The one script address that may be made from text (the policy's name is in the site's CSP).
  const policy = globalThis.trustedTypes?.createPolicy('console-worker', { createScriptURL: () => url.href })
  const script = policy ? policy.createScriptURL('') : url.href
  return new Promise((resolve, reject) => {
    if ('SharedWorker' in globalThis) {
      const worker = new SharedWorker(script, 'session')
      worker.onerror = () => reject(new Error('The console could not start. Reload the page.'))
      port = worker.port
      addEventListener('pagehide', () => port.postMessage({ operation: 'close' }))
      addEventListener('pageshow', (event) => { if (event.persisted) location.reload() })
    } else {
      port = new Worker(script)
      port.onerror = () => reject(new Error('The console could not start. Reload the page.'))
    }
    port.onmessage = ({ data }) => {
      if (data.event === 'ready') resolve(data.user)
      else if (data.event === 'user') for (const listener of listeners) listener(data.user)
      else settle(data)
    }
  })
}

function settle({ id, value, failure }) {
  const { resolve, reject } = waiting.get(id) ?? {}
  waiting.delete(id)
  if (failure) reject?.(new Failure(failure))
  else resolve?.(value)
}

function ask(operation, input) {
  return new Promise((resolve, reject) => {
    const id = ++counter
    waiting.set(id, { resolve, reject })
    port.postMessage({ id, operation, input })
  })
}

/** Calls `listener` whenever somebody signs in or out, in any open page. */
export const onUser = (listener) => listeners.add(listener)
export const challenge = (address, chainId) => ask('challenge', { address, chainId })
export const signIn = (message, signature) => ask('signIn', { message, signature })
export const signOut = () => ask('signOut')
export const forget = () => ask('forget')
export const graphql = (query, variables) => ask('graphql', { query, variables })
export const get = (path) => ask('rest', { method: 'GET', path })
export const post = (path, body = {}) => ask('rest', { method: 'POST', path, body })
export const patch = (path, body) => ask('rest', { method: 'PATCH', path, body })
export const remove = (path) => ask('rest', { method: 'DELETE', path })

function inWords(seconds) {
  if (seconds < 90) return `in ${seconds} seconds`
  return `in ${Math.ceil(seconds / 60)} minutes`
}
