import { forget, get, remove } from '../client.js'
import { actionButton, announce, errorPlace, h, when } from '../dom.js'

/** Where the account is signed in. */
export async function sessionsView(redraw) {
  const { sessions } = await get('/auth/sessions')
  return [
    h('h1', { tabindex: '-1' }, 'Sessions'),
    h('p', { class: 'lead' }, 'Every place where you are signed in. If one is not yours, sign it out, then look at your tokens and wallets.'),
    h('ul', { class: 'rows' }, sessions.map((session) => row(session, redraw))),
  ]
}

function row(session, redraw) {
  const place = errorPlace()
  return h('li', {},
    h('div', { class: 'grow' }, h('p', { class: 'title' }, browser(session.userAgent), session.current && h('span', { class: 'tag' }, 'This one')),
      h('p', { class: 'meta' }, session.ipAddress ?? session.ip ?? 'unknown address', ', signed in ', when(session.createdAt), ', last used ', when(session.lastUsedAt)), place),
    actionButton('Sign out', async () => {
      await remove(`/auth/sessions/${encodeURIComponent(session.id)}`)
      announce('Session ended')
      if (session.current) await forget()
      else await redraw()
    }, { place, name: `Sign out ${browser(session.userAgent)}` }))
}

/** What a user agent calls itself, in a few words. */
export function browser(agent) {
  if (!agent) return 'Unknown program'
  const name = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : agent.split(/[ /(]/)[0].slice(0, 40)
  const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : null
  return system ? `${name} on ${system}` : name
}
