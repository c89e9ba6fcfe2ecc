import { graphql } from '../client.js'
import { actionButton, announce, confirm, copyButton, errorPlace, field, form, h, when } from '../dom.js'
import { CREATE_DOMAIN, DELETE_DOMAIN, PRIMARY_DOMAIN, VERIFY_DOMAIN } from '../operations.js'

/** The domains of a site, with what to publish for those not proved yet. */
export function domainsPanel(site, domains, redraw) {
  const hostname = field('Hostname', { required: true, maxlength: 253, spellcheck: 'false', inputmode: 'url', hint: 'Such as notes.example.org' })
  return h('section', { class: 'domains', 'aria-labelledby': 'domains-title' }, h('h2', { id: 'domains-title' }, 'Domains'),
    form('Add domain', [hostname], async () => {
      await graphql(CREATE_DOMAIN, { hostname: hostname.input.value.trim(), siteId: site.id })
      announce('Domain added')
      await redraw()
    }),
    domains.length
      ? h('ul', { class: 'rows stacked' }, domains.map((domain) => row(site, domain, redraw)))
      : h('div', { class: 'empty' }, h('h3', {}, 'No domains yet'), h('p', {}, 'Add a name you own. You will get one TXT record to publish as proof.')))
}

function row(site, domain, redraw) {
  const place = errorPlace()
  const primary = site.primaryDomain?.id === domain.id
  const actions = h('p', { class: 'buttons' },
    !domain.verified && actionButton('Verify', () => verify(domain, redraw), { place, quiet: false, name: `Verify ${domain.hostname}` }),
    domain.verified && !primary && actionButton('Make primary', async () => {
      await graphql(PRIMARY_DOMAIN, { siteId: site.id, id: domain.id })
      announce(`${domain.hostname} is the primary domain`)
      await redraw()
    }, { place, name: `Make primary: ${domain.hostname}` }),
    actionButton('Remove', async () => {
      if (!await confirm(`Remove ${domain.hostname}?`, 'Readers who use this name will no longer reach the site.', 'Remove domain')) return
      await graphql(DELETE_DOMAIN, { id: domain.id })
      announce('Domain removed')
      await redraw()
    }, { place, name: `Remove ${domain.hostname}` }))
  return h('li', { class: domain.verified ? 'success' : 'pending' },
    h('p', { class: 'title' }, h('span', { class: 'lamp' }, domain.hostname), primary && h('span', { class: 'tag' }, 'Primary')),
    domain.verified ? null : instructions(domain),
    actions, place)
}

async function verify(domain, redraw) {
  const { verifyDomain } = await graphql(VERIFY_DOMAIN, { id: domain.id })
  if (verifyDomain === false) throw new Error('The record is not there yet. DNS can take a while; try again in some minutes.')
  announce(`${domain.hostname} is verified`)
  await redraw()
}

const instructions = (domain) => h('div', { class: 'record' },
  h('p', {}, 'Publish this TXT record at your DNS provider, then verify.'),
  h('dl', {},
    h('dt', {}, 'Name'), h('dd', {}, h('code', {}, domain.txtRecordName), copyButton(domain.txtRecordName, 'record name')),
    h('dt', {}, 'Value'), h('dd', {}, h('code', {}, domain.txtRecordValue), copyButton(domain.txtRecordValue, 'record value'))),
  domain.lastCheckedAt && h('p', { class: 'meta' }, 'Last looked up ', when(domain.lastCheckedAt)))
