import { graphql } from '../client.js'
import { actionButton, announce, confirm, copyButton, errorPlace, field, form, h, when } from '../dom.js'
import { DELETE_SITE, DEPLOY, SITE_PAGE } from '../operations.js'
import { domainsPanel } from './domains.js'
import { more } from './projects.js'

const WORDS = { PENDING: 'Pending', BUILDING: 'Building', UPLOADING: 'Uploading', SUCCESS: 'Live', FAILED: 'Failed' }
const STORAGE = { IPFS: 'IPFS', ARWEAVE: 'Arweave', FILECOIN: 'Filecoin' }
const MOVING = new Set(['PENDING', 'BUILDING', 'UPLOADING'])
// While something moves the page asks again; not for ever, and not while nobody looks.
const AGAIN = 4000

/** One site: its deployments as stops of a line, and its domains. */
export async function siteView(id, redraw) {
  const { site, deployments, domains } = await graphql(SITE_PAGE, { id })
  if (!site) throw Object.assign(new Error('not found'), { code: 'NOT_FOUND' })
  const stop = (deployment) => stopOf(deployment, site)
  const line = h('ol', { class: 'stops' }, deployments.data.map(stop))
  watch(deployments.data, line, redraw)
  return [
    h('nav', { 'aria-label': 'Breadcrumb', class: 'crumbs' }, h('a', { href: '#/projects' }, 'Projects'), ' / ', h('a', { href: `#/projects/${site.project.id}` }, site.project.name)),
    h('h1', { tabindex: '-1' }, site.name),
    h('div', { class: 'columns' },
      h('section', { 'aria-labelledby': 'deployments-title' }, h('h2', { id: 'deployments-title' }, 'Deployments'),
        deploy(site, redraw),
        deployments.data.length ? line : h('div', { class: 'empty' }, h('h3', {}, 'Nothing deployed yet'), h('p', {}, 'Add your folder to IPFS, then register the CID it prints. It becomes the first stop on this line.')),
        more(deployments, line, async (after) => (await graphql(SITE_PAGE, { id, after })).deployments, stop)),
      domainsPanel(site, domains.data, redraw)),
    removal(site),
  ]
}

function stopOf(deployment, site) {
  const current = deployment.id === site.latestDeployment?.id
  return h('li', { class: `${deployment.status.toLowerCase()}${current ? ' current' : ''}` },
    h('p', { class: 'title' }, h('span', { class: 'lamp' }, WORDS[deployment.status] ?? deployment.status), current && h('span', { class: 'tag' }, 'Latest')),
    h('p', { class: 'cid' }, h('code', {}, deployment.cid), copyButton(deployment.cid, 'CID')),
    h('p', { class: 'meta' }, STORAGE[deployment.storageType] ?? deployment.storageType, ', ', when(deployment.createdAt)))
}

function watch(deployments, line, redraw) {
  if (!deployments.some(({ status }) => MOVING.has(status))) return
  setTimeout(() => {
    if (!line.isConnected) return
    if (document.hidden) watch(deployments, line, redraw)
    // Somebody who is typing or has a button under the finger is not to lose it.
    else if (document.activeElement?.closest('form, .stops, .domains')) watch(deployments, line, redraw)
    else redraw()
  }, AGAIN)
}

function deploy(site, redraw) {
  const cid = field('CID', { required: true, maxlength: 128, spellcheck: 'false', class: 'mono', hint: 'The address IPFS printed; it begins with bafy or Qm.' })
  return form('Register deployment', [cid], async () => {
    await graphql(DEPLOY, { siteId: site.id, cid: cid.input.value.trim() })
    announce('Deployment registered')
    await redraw()
  })
}

function removal(site) {
  const place = errorPlace()
  return h('details', { class: 'panel' }, h('summary', {}, 'Delete this site'),
    h('p', {}, 'Its deployments and domains leave the platform. What is stored under their CIDs is not touched.'),
    actionButton('Delete site', async () => {
      if (!await confirm(`Delete “${site.name}”?`, 'This cannot be undone.', 'Delete site')) return
      await graphql(DELETE_SITE, { id: site.id })
      announce('Site deleted')
      location.hash = `#/projects/${site.project.id}`
    }, { place }), place)
}
