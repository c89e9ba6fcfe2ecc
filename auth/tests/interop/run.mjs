// Sign-in messages of the service as other libraries see them, and theirs as the service sees them.
//
//   node run.mjs PROGRAM        starts PROGRAM (the auth service) with the settings of the
//                               environment and this chain, and runs every check against it
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Wallet } from 'ethers'
import { SiweMessage } from 'siwe'
import { recoverMessageAddress, serializeErc6492Signature } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage, parseSiweMessage, validateSiweMessage } from 'viem/siwe'
import { factory, startChain, walletOf } from './chain.mjs'

const app = new URL(process.env.APP_URL)
const base = `http://127.0.0.1:${process.env.PORT}`
const account = privateKeyToAccount(generatePrivateKey())

const post = async (path, body) => {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}
const challenge = async (body) => (await post('/auth/wallet/challenge', body)).body
const verify = (message, signature) => post('/auth/wallet/verify', { message, signature })
const accepted = async (message, signature) => {
  const answer = await verify(message, signature)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.user
}
const refused = async (message, signature, code) => {
  const answer = await verify(message, signature)
  assert.deepEqual([answer.status, answer.body.code], [400, code])
}

const theirs = async (more) => ({
  domain: app.host,
  address: account.address,
  uri: `${app.origin}/login`,
  version: '1',
  chainId: 1,
  nonce: (await challenge({})).nonce,
  ...more,
})

const checks = {
  'siwe reads our message and writes the same text': async () => {
    const { message, nonce } = await challenge({ address: account.address })
    const parsed = new SiweMessage(message)
    assert.equal(parsed.prepareMessage(), message)
    const signature = await account.signMessage({ message })
    const checked = await parsed.verify({ signature, domain: app.host, nonce })
    assert.equal(checked.success, true)
    await accepted(message, signature)
  },
  'viem reads our message and writes the same text': async () => {
    const { message, nonce } = await challenge({ address: account.address.toLowerCase() })
    const parsed = parseSiweMessage(message)
    assert.equal(createSiweMessage(parsed), message)
    assert.equal(validateSiweMessage({ message: parsed, domain: app.host, nonce, address: account.address }), true)
    const signature = await account.signMessage({ message })
    assert.equal(await recoverMessageAddress({ message, signature }), account.address)
    await accepted(message, signature)
  },
  'a message of siwe is accepted': async () => {
    const message = new SiweMessage(await theirs({ statement: 'Sign in.', issuedAt: new Date().toISOString() }))
    const text = message.prepareMessage()
    await accepted(text, await account.signMessage({ message: text }))
  },
  'a message of siwe without a statement is accepted': async () => {
    const text = new SiweMessage(await theirs({ issuedAt: new Date().toISOString() })).prepareMessage()
    await accepted(text, await account.signMessage({ message: text }))
  },
  'a message of viem is accepted': async () => {
    const text = createSiweMessage(await theirs({}))
    await accepted(text, await account.signMessage({ message: text }))
  },
  'a message of viem with everything in it is accepted': async () => {
    const now = Date.now()
    const text = createSiweMessage(
      await theirs({
        scheme: app.protocol.slice(0, -1),
        statement: 'I accept the terms of service.',
        issuedAt: new Date(now),
        notBefore: new Date(now - 1000),
        expirationTime: new Date(now + 60_000),
        requestId: 'request-1',
        resources: ['https://example.org/terms', 'ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/'],
      }),
    )
    await accepted(text, await account.signMessage({ message: text }))
  },
  'a signature of ethers is accepted, and is the same user as by viem': async () => {
    const wallet = new Wallet(generatePrivateKey())
    const first = await challenge({ address: wallet.address })
    const user = await accepted(first.message, await wallet.signMessage(first.message))
    const viem = privateKeyToAccount(wallet.privateKey)
    const second = await challenge({ address: viem.address })
    assert.equal((await accepted(second.message, await viem.signMessage({ message: second.message }))).id, user.id)
  },
  'a wallet contract signs in (ERC-1271), and only for its owner': async () => {
    const wallet = walletOf(account.address)
    await chain.deploy(wallet.deployment)
    const first = await challenge({ address: wallet.address })
    const user = await accepted(first.message, await account.signMessage({ message: first.message }))
    assert.equal(user.walletAddress, wallet.address.toLowerCase())
    const second = await challenge({ address: wallet.address })
    const stranger = privateKeyToAccount(generatePrivateKey())
    await refused(second.message, await stranger.signMessage({ message: second.message }), 'INVALID_SIGNATURE')
  },
  'a wallet contract that is not deployed yet signs in (ERC-6492), and only for its owner': async () => {
    const owner = privateKeyToAccount(generatePrivateKey())
    const { address, deployment: data } = walletOf(owner.address)
    const wrap = (signature) => serializeErc6492Signature({ address: factory, data, signature })
    const first = await challenge({ address })
    const plain = await owner.signMessage({ message: first.message })
    await refused(first.message, plain, 'INVALID_SIGNATURE')
    const second = await challenge({ address })
    await accepted(second.message, wrap(await owner.signMessage({ message: second.message })))
    const third = await challenge({ address })
    await refused(third.message, wrap(await account.signMessage({ message: third.message })), 'INVALID_SIGNATURE')
  },
}

const chain = await startChain()
const service = spawn(process.argv[2], [], {
  env: { ...process.env, ETH_RPC_URLS: `1=${chain.url}` },
  stdio: ['ignore', 'ignore', 'inherit'],
})
const isUp = () => fetch(`${base}/livez`).then((answer) => answer.ok, () => false)
for (let tries = 0; !(await isUp()); tries++) {
  if (tries === 100 || service.exitCode !== null) throw new Error('the service does not start')
  await new Promise((resolve) => setTimeout(resolve, 100))
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  try {
    await check()
    console.log(`ok    ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL  ${name}\n${error.stack}`)
  }
}
service.kill()
await once(service, 'exit')
chain.close()
console.log(`interop: ${Object.keys(checks).length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
