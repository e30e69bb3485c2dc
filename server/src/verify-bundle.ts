import { readFileSync } from 'node:fs'
import { type VerifierKeys, verifyBundle } from '@kapok/evidence/verify'
import { SetupError } from './config.ts'

/** `kapok verify`: prints the verdict and every finding; exit code 0 genuine, 3 unknown signer, 1 broken. */
export function verifyBundleFile(file: string, keysFile: string | undefined): void {
  const pinned = keysFile === undefined ? undefined : readKeys(keysFile)
  const { verdict, findings, fingerprints, bundle } = verifyBundle(read(file), pinned)
  // A reader that closes the pipe early (head) has seen enough.
  process.stdout.on('error', () => {})
  const say = (line: string) => process.stdout.write(`${line}\n`)
  if (bundle !== undefined && verdict !== 'broken') {
    say(`${bundle.organisation.name} (${bundle.organisation.uscc})  ${bundle.from} … ${bundle.to}`)
    say(`${bundle.seals.length} 个封存 seals, ${bundle.devices.length} 台设备 devices`)
  }
  for (const { where, what } of findings) say(`✖ ${where}: ${what}`)
  if (fingerprints !== undefined) {
    say(`Ed25519 ${fingerprints.ed25519}`)
    say(`SM2     ${fingerprints.sm2}`)
  }
  const words = {
    genuine: '✔ 真实：由您固定的密钥签名 · genuine: signed by the pinned keys',
    'unknown-signer': '？内容一致，但签名者未知 · consistent, signer unknown; pin the keys with --keys',
    broken: '✖ 验证失败 · broken',
  }
  say(words[verdict])
  process.exitCode = { genuine: 0, 'unknown-signer': 3, broken: 1 }[verdict]
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new SetupError(`${file} cannot be read. Give the path of a file.`, { cause: error })
  }
}

function readKeys(file: string): VerifierKeys {
  const text = read(file).toString('utf8')
  const fromLines = () => {
    const [ed25519, sm2] = text.split('\n').map((line) => line.trim())
    return { ed25519, sm2 }
  }
  const fromReply = () => {
    const reply = JSON.parse(text) as Record<'ed25519' | 'sm2', { verifierKey?: string } | undefined>
    return { ed25519: reply.ed25519?.verifierKey, sm2: reply.sm2?.verifierKey }
  }
  const { ed25519, sm2 } = text.trimStart().startsWith('{') ? fromReply() : fromLines()
  if (!ed25519?.includes('+') || !sm2?.includes('+'))
    throw new SetupError(`${file} has no verifier keys. Save the reply of /api/evidence/keys, or one key a line.`)
  return { ed25519, sm2 }
}
