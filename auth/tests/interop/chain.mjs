// A chain in this process: an Ethereum virtual machine behind the two JSON-RPC methods that the
// service calls, a wallet contract (ERC-1271), and the factory that can deploy it (ERC-6492).
import { createServer } from 'node:http'
import { createEVM } from '@ethereumjs/evm'
import { bytesToHex, createAddressFromString, hexToBytes } from '@ethereumjs/util'
import { concat, getCreate2Address, pad, toHex } from 'viem'

const ZERO = pad('0x00', { size: 32 })
// The deterministic deployment proxy that most chains have: salt and code in, CREATE2.
const FACTORY =
  '0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3'
export const factory = '0x4e59b44847b379578588920ca78fbf26c0b4956c'

// isValidSignature(hash, signature): asks ecrecover whether `owner` made the 65 bytes.
const walletCode = (owner) =>
  concat([
    '0x6020600460003760a43560f81c602052606435604052608435606052602060806080600060015afa5060805173',
    owner,
    '0x14631626ba7e60e01b0260005260206000f3',
  ])

// Code that returns the code after it.
const initCode = (code) => {
  const length = toHex((code.length - 2) / 2, { size: 1 })
  return concat(['0x60', length, '0x600c600039', '0x60', length, '0x6000f3', code])
}

export const walletOf = (owner) => {
  const code = initCode(walletCode(owner.toLowerCase()))
  const address = getCreate2Address({ from: factory, salt: ZERO, bytecode: code })
  return { address, deployment: concat([ZERO, code]) }
}

export async function startChain() {
  const evm = await createEVM()
  await evm.stateManager.putCode(createAddressFromString(factory), hexToBytes(FACTORY))
  const run = ({ to, data }) =>
    evm.runCall({
      to: to && createAddressFromString(to),
      data: hexToBytes(data),
      gasLimit: 30_000_000n,
    })

  const call = async (params) => {
    await evm.stateManager.checkpoint()
    try {
      const { execResult } = await run(params)
      if (execResult.exceptionError) return { error: { code: 3, message: 'execution reverted' } }
      return { result: bytesToHex(execResult.returnValue) }
    } finally {
      await evm.stateManager.revert()
    }
  }

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { id, method, params } = JSON.parse(body)
    const answer =
      method === 'eth_chainId' ? { result: '0x1' }
      : method === 'eth_call' ? await call(params[0])
      : { error: { code: -32601, message: 'no such method' } }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    deploy: async (deployment) => {
      const { execResult } = await run({ to: factory, data: deployment })
      if (execResult.exceptionError) throw new Error(`not deployed: ${execResult.exceptionError.error}`)
    },
    close: () => server.close(),
  }
}
