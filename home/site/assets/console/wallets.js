// Finds the wallets in this browser (EIP-6963, or the older window.ethereum) and signs with them
// (EIP-1193).

import { challenge, settings } from './client.js'

const found = new Map()
const listeners = new Set()

function announced({ detail }) {
  if (!detail?.info?.uuid || typeof detail.provider?.request !== 'function') return
  found.set(detail.info.uuid, detail)
  for (const listener of listeners) listener(list())
}

/** Wallets found so far: `{ info: { uuid, name, icon }, provider }`. */
export function list() {
  const wallets = [...found.values()]
  if (wallets.length === 0 && typeof globalThis.ethereum?.request === 'function') {
    wallets.push({ info: { uuid: 'legacy', name: 'Browser wallet', icon: null }, provider: globalThis.ethereum })
  }
  return wallets
}

/** Starts looking; `listener` hears of every change. */
export async function discover(listener) {
  listeners.add(listener)
  addEventListener('eip6963:announceProvider', announced)
  dispatchEvent(new Event('eip6963:requestProvider'))
  if (settings.burner) {
    const { burner } = await import('./burner.js')
    found.set(burner.info.uuid, burner)
    listener(list())
  }
}

/** Asks the wallet for an address, our service for a message, and the wallet to sign it. */
export async function prove({ provider }, progress) {
  progress('Waiting for your wallet to share an address…')
  const [address] = await request(provider, 'eth_requestAccounts')
  if (!address) throw new Error('The wallet shared no address.')
  const chainId = Number(await request(provider, 'eth_chainId')) || 1
  progress('Getting a message to sign…')
  const { message } = await challenge(address, chainId)
  progress('Waiting for your signature…')
  const signature = await request(provider, 'personal_sign', [hex(message), address])
  return { message, signature, address }
}

async function request(provider, method, params) {
  try {
    return await provider.request({ method, params })
  } catch (error) {
    // EIP-1193: 4001 is the user's own no; -32002 a question that is still open.
    if (error?.code === 4001) throw new Error('You refused in the wallet. Nothing was signed.')
    if (error?.code === -32002) throw new Error('Your wallet is already asking. Open it and answer there.')
    throw new Error(`The wallet answered: ${error?.message ?? 'unknown error'}`)
  }
}

const hex = (text) => `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
