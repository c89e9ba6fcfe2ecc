// Approves or refuses the login of a command-line client (`/login/ID`).

import { connect, get, onUser, post } from './client.js'
import { announce, errorPlace, h, run, showError, when } from './dom.js'
import { signInView } from './sign_in.js'
import { browser } from './views/sessions.js'

const root = document.getElementById('console')
const id = decodeURIComponent(location.pathname.replace(/\/+$/, '').split('/')[2] ?? '')

async function draw(user) {
  if (!id) return root.replaceChildren(...notice('Approve a login', 'Start a login in your terminal; it prints an address of this site with a number at its end. Open that one.'))
  if (!user) return root.replaceChildren(signInView('Approve a login', 'A command-line client asks to sign in as you. Sign in first; then you see who asks and decide.'))
  root.replaceChildren(h('p', { class: 'progress', role: 'status' }, 'Loading…'))
  try {
    const request = await get(`/auth/cli/sessions/${encodeURIComponent(id)}`)
    root.replaceChildren(...question(request))
  } catch (error) {
    const gone = error.status === 404 || error.status === 400
    root.replaceChildren(...notice(gone ? 'This login is over' : 'That did not work', gone ? 'It was approved or refused already, or it waited for more than ten minutes. Start again in your terminal.' : error.message))
  }
  root.querySelector('h1').focus()
}

const notice = (title, text) => [h('h1', { tabindex: '-1' }, title), h('p', { class: 'lead' }, text), h('p', { class: 'actions' }, h('a', { class: 'button quiet', href: '/console' }, 'Open the console'))]

function question(request) {
  const place = errorPlace()
  const decide = (label, quiet, answer) => {
    const button = h('button', { type: 'button', class: `button${quiet ? ' quiet' : ''}` }, label)
    button.addEventListener('click', () => run(button, answer, place))
    return button
  }
  return [
    h('h1', { tabindex: '-1' }, 'Is this you?'),
    h('p', { class: 'lead' }, 'A command-line client asks for a token of your account. It can then do what you can do with your projects, until you revoke it.'),
    h('dl', { class: 'facts' },
      fact('What', request.name ?? 'Command-line client'),
      fact('Program', browser(request.userAgent)),
      fact('From', request.ipAddress ?? request.ip ?? 'unknown address'),
      fact('Asked', when(request.createdAt)),
      fact('Number', h('code', {}, id))),
    h('p', {}, 'If you did not start this in a terminal just now, refuse. Nothing happens then.'),
    h('p', { class: 'actions' },
      decide('Approve', false, async () => {
        await post('/auth/cli/approve', { verificationSessionId: id })
        done('Approved', 'The client has its token. You can close this page and go back to the terminal; the token is listed in the console.')
      }),
      decide('Refuse', true, async () => {
        await post('/auth/cli/refuse', { verificationSessionId: id })
        done('Refused', 'The client was told no. Nobody got a token.')
      })),
    place,
  ]
}

const fact = (term, ...detail) => h('div', {}, h('dt', {}, term), h('dd', {}, ...detail))

function done(title, text) {
  root.replaceChildren(...notice(title, text))
  root.querySelector('h1').focus()
  announce(title)
}

try {
  const user = await connect()
  onUser((now) => draw(now))
  await draw(user)
} catch (error) {
  const place = errorPlace()
  root.replaceChildren(h('h1', { tabindex: '-1' }, 'Approve a login'), place)
  showError(place, error)
}
