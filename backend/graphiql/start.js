// Queries by POST, subscriptions over a WebSocket with graphql-transport-ws, each with the headers
// that stand in the "Headers" tab.
const url = new URL('/graphql', window.location.href)

// The "Headers" tab offers a place for a token. While there is none, none is sent: the service refuses
// an empty one, as it does any that is wrong.
const PLACE = 'Bearer '

function filled(headers) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => value !== PLACE))
}

function subscribe(parameters, headers, sink) {
  const socket = new WebSocket(url.href.replace(/^http/, 'ws'), 'graphql-transport-ws')
  const say = (message) => socket.send(JSON.stringify(message))
  socket.onopen = () => say({ type: 'connection_init', payload: headers })
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data)
    if (message.type === 'connection_ack') say({ id: '1', type: 'subscribe', payload: parameters })
    if (message.type === 'ping') say({ type: 'pong' })
    if (message.type === 'next') sink.next(message.payload)
    if (message.type === 'error') sink.error(message.payload)
    if (message.type === 'complete') socket.close()
  }
  socket.onclose = (event) => (event.code < 4000 ? sink.complete() : sink.error(new Error(event.reason)))
  return { unsubscribe: () => socket.close() }
}

function isSubscription({ query, operationName }, { documentAST } = {}) {
  const operations = (documentAST?.definitions ?? []).filter((d) => d.kind === 'OperationDefinition')
  const chosen = operations.find((d) => d.name?.value === operationName) ?? operations[0]
  return chosen ? chosen.operation === 'subscription' : /^\s*subscription\b/.test(query)
}

async function fetcher(parameters, options) {
  const headers = filled(options?.headers)
  if (isSubscription(parameters, options)) {
    return { subscribe: (sink) => subscribe(parameters, headers, sink) }
  }
  const answer = await fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(parameters),
  })
  return answer.json()
}

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: 'headers',
    defaultHeaders: JSON.stringify({ authorization: PLACE }, null, 2),
    shouldPersistHeaders: false,
  }),
)
