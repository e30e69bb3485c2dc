import { type Verdict, type VerifierKeys, verifyBundle } from './verify.ts'

// The script of the one-file verifier page. It asks nobody anything: the file and the pinned keys come from the reader.
const zh = !/^en\b/i.test(navigator.language)
const words = (chinese: string, english: string) => (zh ? `${chinese} · ${english}` : `${english} · ${chinese}`)

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = '',
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  made.textContent = text
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

const page = document.getElementById('page') ?? document.body
const fileInput = element('input', '', { type: 'file', id: 'bundle', accept: '.json,application/json' })
const keysInput = element('textarea', '', { id: 'keys', spellcheck: 'false' })
const verdictBox = element('section', words('请选择一个证据包文件。', 'Choose a bundle.'), {
  id: 'verdict',
  role: 'status',
})
page.append(
  element('h1', words('离线验证证据包', 'Verify an evidence bundle offline')),
  element('p', words('文件不会离开本机；可断网使用。', 'The file stays on this machine; no network is needed.')),
  element('label', words('证据包（JSON）', 'Bundle (JSON)'), { for: 'bundle' }),
  fileInput,
  element(
    'label',
    words('您固定的日志公钥（两行：Ed25519、SM2）', 'Pinned keys of the log (two lines: Ed25519, SM2)'),
    { for: 'keys' },
  ),
  keysInput,
  verdictBox,
)

/** `undefined`: none given. `null`: given, but not two keys. */
function pinnedKeys(): VerifierKeys | undefined | null {
  const lines = keysInput.value.split('\n').map((line) => line.trim())
  const [ed25519, sm2] = lines.filter((line) => line !== '')
  if (ed25519 === undefined) return undefined
  return sm2 === undefined || !ed25519.includes('+') || !sm2.includes('+') ? null : { ed25519, sm2 }
}

async function check(): Promise<void> {
  const [file] = fileInput.files ?? []
  if (file === undefined) return
  const pinned = pinnedKeys()
  if (pinned === null) {
    verdictBox.replaceChildren(element('h2', words('公钥须为两行', 'The keys must be two lines')))
    return
  }
  show(verifyBundle(new Uint8Array(await file.arrayBuffer()), pinned))
}

const headings: Record<Verdict['verdict'], [string, string]> = {
  genuine: ['✔ 真实：由您固定的密钥签名', 'Genuine: signed by the pinned keys'],
  'unknown-signer': ['？内容一致，但签名者未知', 'Consistent, signer unknown'],
  broken: ['✖ 验证失败', 'Verification failed'],
}

function show({ verdict, findings, bundle, fingerprints }: Verdict): void {
  const [chinese, english] = headings[verdict]
  const parts: HTMLElement[] = [element('h2', words(chinese, english))]
  if (findings.length > 0) {
    const list = element('ul')
    list.append(...findings.slice(0, 50).map(({ where, what }) => element('li', `${where}: ${what}`)))
    parts.push(list)
  } else if (bundle !== undefined) {
    const { organisation, from, to, seals, devices } = bundle
    parts.push(element('p', `${organisation.name} ${organisation.uscc} · ${from} – ${to} · ${seals.length} seals`))
    for (const device of devices) {
      const strip = element('div', '', { class: 'strip', role: 'img', 'aria-label': device.name })
      for (const { leaf } of seals) {
        const minutes = leaf.meters.find((meter) => meter.deviceId === device.id)?.minutes ?? 0
        strip.append(
          element('span', '', { title: `${leaf.day}: ${minutes} min`, ...(minutes === 0 ? { class: 'none' } : {}) }),
        )
      }
      parts.push(element('p', device.name), strip)
    }
    parts.push(element('p', gatewayWords(seals.flatMap(({ leaf }) => leaf.gateways ?? []))))
  }
  if (fingerprints !== undefined)
    for (const [kind, print] of Object.entries(fingerprints)) {
      const line = element('p', `${kind} `)
      line.append(element('code', print))
      parts.push(line)
    }
  verdictBox.replaceChildren(...parts)
}

function gatewayWords(days: readonly { missing: number; gapMinutes: number; doubled: number }[]): string {
  const sum = (field: 'missing' | 'gapMinutes' | 'doubled') => days.reduce((total, day) => total + day[field], 0)
  return words(
    `网关：签名批次未送达 ${sum('missing')} 个，自报未采集 ${sum('gapMinutes')} 分钟，一号两用 ${sum('doubled')} 个。`,
    `Gateways: ${sum('missing')} signed batches did not arrive, ${sum('gapMinutes')} minutes they say they have not, ${sum('doubled')} numbers came twice with two contents.`,
  )
}

fileInput.addEventListener('change', () => void check())
keysInput.addEventListener('change', () => void check())
