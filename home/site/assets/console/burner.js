// A throw-away wallet for development: its key lies in this browser's storage and protects
// nothing. Loaded only where the server says that it is a development one.

import { getPublicKey, keccak_256, signAsync, utils } from './vendor/secp256k1.js'

const KEY = 'af:burner'
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

function key() {
  const stored = localStorage.getItem(KEY)
  if (stored) return fromHex(stored)
  const made = utils.randomSecretKey()
  localStorage.setItem(KEY, toHex(made))
  return made
}

const address = () => `0x${toHex(keccak_256(getPublicKey(key(), false).slice(1)).slice(-20))}`

async function sign(message) {
  const bytes = fromHex(message.slice(2))
  const prefix = new TextEncoder().encode(`\x19Ethereum Signed Message:\n${bytes.length}`)
  const digest = keccak_256(Uint8Array.from([...prefix, ...bytes]))
  const [recovery, ...rest] = await signAsync(digest, key(), { prehash: false, format: 'recovered' })
  return `0x${toHex(rest)}${(27 + recovery).toString(16)}`
}

const answers = {
  eth_requestAccounts: () => [address()],
  eth_accounts: () => [address()],
  eth_chainId: () => '0x1',
  personal_sign: ([message]) => sign(message),
}

/** The wallet, as EIP-6963 would announce it. */
export const burner = {
  info: { uuid: 'burner', name: 'Throw-away wallet (development)', icon: null },
  provider: {
    request: async ({ method, params }) => {
      if (!answers[method]) throw Object.assign(new Error(`${method} is not supported`), { code: 4200 })
      return answers[method](params)
    },
  },
}
