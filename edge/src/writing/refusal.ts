import { inLanguage, type Said, type Words } from '../sentence.ts'

// Why a write was not sent, or what became of one that was: in both languages, so that it says what to do.

const sentences = {
  unknown: {
    zh: (f: Facts) => `设备“${f.device}”没有测点“${f.property}”。`,
    en: (f: Facts) => `“${f.device}” has no tag “${f.property}”.`,
  },
  readOnly: {
    zh: (f: Facts) => `“${f.property}”只读。若要写入，请在点表中为它加上 write。`,
    en: (f: Facts) => `“${f.property}” is read-only. To write it, give it a write rule in the tag table.`,
  },
  type: {
    zh: (f: Facts) => `值的类型不对，应为：${f.expected}。`,
    en: (f: Facts) => `The value has the wrong type; expected: ${f.expected}.`,
  },
  range: {
    zh: (f: Facts) => `${f.value} 超出允许范围 ${f.min} 至 ${f.max}。`,
    en: (f: Facts) => `${f.value} is outside of the range from ${f.min} to ${f.max}.`,
  },
  step: {
    zh: (f: Facts) => `${f.value} 写不进去：设备只能存 ${f.step} 的整数倍。`,
    en: (f: Facts) => `${f.value} cannot be written: the device holds whole steps of ${f.step}.`,
  },
  fit: {
    zh: (f: Facts) => `${f.value} 放不进设备的 ${f.type}。`,
    en: (f: Facts) => `${f.value} does not fit into the device’s ${f.type}.`,
  },
  interlock: {
    zh: (f: Facts) => `联锁条件不满足：${f.interlock}（当前 ${f.values}）。`,
    en: (f: Facts) => `The interlock does not hold: ${f.interlock} (now ${f.values}).`,
  },
  stale: {
    zh: (f: Facts) => `联锁要看的“${f.of}”不可用：${f.why}（最多允许 ${f.maxAgeMs} 毫秒前的值）。先恢复读取。`,
    en: (f: Facts) =>
      `The interlock needs “${f.of}”, which cannot be used: ${f.why} (at most ${f.maxAgeMs} ms old). See to its reading first.`,
  },
  interlockError: {
    zh: (f: Facts) => `联锁条件 ${f.interlock} 算不出是或否：${f.why}。请改点表。`,
    en: (f: Facts) => `The interlock ${f.interlock} gives neither true nor false: ${f.why}. Mend the tag table.`,
  },
  cannotWrite: {
    zh: (f: Facts) => `协议 ${f.protocol} 的驱动不支持写入。`,
    en: (f: Facts) => `The driver of ${f.protocol} cannot write.`,
  },
  busy: {
    zh: (f: Facts) => `“${f.device}”还有写入在排队，请稍后再试。`,
    en: (f: Facts) => `Writes to “${f.device}” are waiting already; try again in a moment.`,
  },
  notRecorded: {
    zh: (f: Facts) => `写入记录存不下来，因此没有写入：${f.why}。请检查磁盘。`,
    en: (f: Facts) => `The record of writes cannot be kept, so nothing was written: ${f.why}. See to the disk.`,
  },
  unfit: {
    zh: (f: Facts) => `这个值写不进这个地址：${f.why}。`,
    en: (f: Facts) => `The value cannot be written to this address: ${f.why}.`,
  },
  refused: {
    zh: (f: Facts) => `设备拒绝了写入：${f.why}。`,
    en: (f: Facts) => `The device refused the write: ${f.why}.`,
  },
  failed: {
    zh: (f: Facts) => `设备没有可用的应答，写入可能已生效也可能没有：${f.why}。请在设备上核对。`,
    en: (f: Facts) =>
      `The device gave no usable answer; the write may have happened or not: ${f.why}. Look at the machine.`,
  },
  notReadBack: {
    zh: (f: Facts) => `已写入，但回读不到：${f.why}。请在设备上核对。`,
    en: (f: Facts) => `It was written, but could not be read back: ${f.why}. Look at the machine.`,
  },
  mismatch: {
    zh: (f: Facts) => `设备接受了写入，回读却是 ${f.found}，不是 ${f.raw}。设备或其程序改了这个值。`,
    en: (f: Facts) =>
      `The device took the write, but read back is ${f.found}, not ${f.raw}. The machine or its program changed it.`,
  },
} as const

export type RefusalCode = keyof typeof sentences
type Facts = Record<string, string | number>

export interface Refusal {
  code: RefusalCode
  message: { zh: string; en: string }
}

/** A fact that is words goes into each sentence in its own language. */
export function refusal(code: RefusalCode, facts: Record<string, number | Said>): Refusal {
  const { zh, en } = sentences[code]
  const factsIn = (language: keyof Words): Facts =>
    Object.fromEntries(
      Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'number' ? fact : inLanguage(fact, language)]),
    )
  return { code, message: { zh: zh(factsIn('zh')), en: en(factsIn('en')) } }
}
