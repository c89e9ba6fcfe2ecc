// A wallet as an extension would bring it: announced by EIP-6963, asked by EIP-1193. Keys and
// signatures come from viem, a library that shares no code with the platform.

import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

/** Puts a wallet into every page of a context. `wallet.next()` switches to a new address;
 *  `wallet.refuse` makes it say no. */
export async function install(context) {
  const wallet = { account: privateKeyToAccount(generatePrivateKey()), refuse: false, signed: [] }
  wallet.next = () => { wallet.account = privateKeyToAccount(generatePrivateKey()) }
  await context.exposeFunction('testWallet', async ({ method, params }) => {
    if (wallet.refuse) return { error: { code: 4001, message: 'User rejected the request.' } }
    switch (method) {
      case 'eth_requestAccounts': return { result: [wallet.account.address] }
      case 'eth_chainId': return { result: '0x1' }
      case 'personal_sign': {
        wallet.signed.push(Buffer.from(params[0].slice(2), 'hex').toString())
        return { result: await wallet.account.signMessage({ message: { raw: params[0] } }) }
      }
      default: return { error: { code: 4200, message: `${method} is not supported` } }
    }
  })
  await context.addInitScript(() => {
    const provider = {
      request: async (question) => {
        const { result, error } = await window.testWallet(question)
        if (error) throw Object.assign(new Error(error.message), error)
        return result
      },
    }
    const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="teal" d="M0 0h1v1H0z"/></svg>'
    const detail = Object.freeze({ info: { uuid: 'c9f7f5a2-7f0c-4f5e-9d55-0a4d3f6d1b10', name: 'Test Wallet', icon, rdns: 'org.example.wallet' }, provider })
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    window.addEventListener('eip6963:requestProvider', announce)
    announce()
  })
  return wallet
}
