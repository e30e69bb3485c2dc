import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { StoreFault } from './refusal.ts'
import { dataFile } from './tables.ts'
import { partValues, put, TestStores } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

/** A process that registers as fast as it can, many at once, and says which were acknowledged. */
function registrar(folder: string) {
  const store = pathToFileURL(join(import.meta.dirname, 'record-store.ts')).href
  const testing = pathToFileURL(join(import.meta.dirname, 'testing.ts')).href
  const code = `
    import { RecordStore } from ${JSON.stringify(store)}
    import { partValues } from ${JSON.stringify(testing)}
    const store = RecordStore.open(${JSON.stringify(folder)}, { clock: { now: () => Date.now() } })
    let next = store.stats().transactions
    const register = async () => {
      for (;;) {
        const serial = next++
        const outcome = await store.change('88.1.2/' + serial, '', () => ({ next: partValues(serial) }))
        if (outcome.done) process.stdout.write(serial + '\\n')
      }
    }
    for (let i = 0; i < 32; i++) register()
  `
  return runCode(code)
}

function runCode(code: string) {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('what was acknowledged is there after kill -9, again and again, and the log is whole', async () => {
  const folder = stores.folder()
  const acknowledged = new Set<number>()
  for (let round = 1; round <= 5; round++) {
    const child = registrar(folder)
    const ended = once(child, 'exit')
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.add(Number(line))
      if (acknowledged.size >= round * 300) child.kill('SIGKILL')
    }
    await ended
  }
  const store = stores.open(folder)
  expect(acknowledged.size).toBeGreaterThanOrEqual(1_500)
  // Keys of users lie in it.
  expect(statSync(dataFile(folder)).mode & 0o077).toBe(0)
  for (const serial of acknowledged) expect(store.find(`88.1.2/${serial}`)).toEqual(partValues(serial))
  expect(await store.verify()).toMatchObject({ ok: true, transactions: store.stats().transactions })
})

test('a folder is open for writing in one process: another, and this one, are refused with a sentence', async () => {
  const folder = stores.folder()
  const child = registrar(folder)
  await once(child.stdout, 'data')
  const open = () => stores.open(folder)
  expect(open).toThrow(`${folder} is open for writing in process ${child.pid}`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  open()
  expect(open).toThrow(`${folder} is open for writing in process ${process.pid}`)
})

test('other processes read while one writes, and one that is killed does not keep the file growing', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await put(store, '88.1.2/a', partValues(1))
  const code = (loop: string) => `
    import { RecordStore } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'record-store.ts')).href)}
    const store = RecordStore.open(${JSON.stringify(folder)}, { clock: { now: () => 0 }, readOnly: true })
    const read = () => Buffer.from(store.find('88.1.2/a')[0].data).toString()
    ${loop}
  `
  const held =
    'const range = read(); process.stdout.write(range + "\\n"); for (;;) store.handlesUnder("88.1.2", { limit: 1 })'
  const reader = runCode(code('let last; setInterval(() => { if (read() !== last) console.log((last = read())) }, 5)'))
  const stuck = runCode(code(held))
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatch(/21\/1$/)
  await once(stuck.stdout, 'data')
  await put(store, '88.1.2/a', partValues(2))
  expect((await lines.next()).value).toMatch(/21\/2$/)
  const grown = async () => {
    const before = store.stats().bytes
    for (let i = 0; i < 300; i++) await put(store, '88.1.2/a', partValues(i))
    return store.stats().bytes - before
  }
  const whileHeld = await grown()
  stuck.kill('SIGKILL')
  await once(stuck, 'exit')
  await grown()
  expect(await grown()).toBeLessThan(whileHeld / 2)
  reader.kill('SIGKILL')
  await once(reader, 'exit')
})

test('a store that another process wrote to, whose lock was not seen, takes no change', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await put(store, '88.1.2/a', partValues(1))
  writeFileSync(join(folder, 'writer.lock'), '')
  const child = registrar(folder)
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await expect(put(store, '88.1.2/b', partValues(2))).rejects.toThrow('another process wrote to this store')
})

test('a file whose end is missing is refused at the start', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  for (let i = 0; i < 10; i++)
    await store.batch(
      `b${i}`,
      '',
      Array.from({ length: 200 }, (_, n) => ({ handle: `88.1.2/${i}.${n}`, values: partValues(n) })),
    )
  await store.close()
  const torn = stores.folder()
  copyFileSync(dataFile(folder), dataFile(torn))
  truncateSync(dataFile(torn), statSync(dataFile(torn)).size - 4096)
  expect(() => stores.open(torn)).toThrow(StoreFault)
  expect(() => stores.open(torn)).toThrow(/is torn: .* bytes are there, .* belong to it/)
  writeFileSync(dataFile(torn), 'no store')
  expect(() => stores.open(torn)).toThrow(/is no store of records/)
})

test('a record that was damaged on the disk is never given, and is named', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await put(store, '88.1.2/a', partValues(1))
  await put(store, '88.1.2/b', partValues(2))
  await store.close()
  const file = dataFile(folder)
  const bytes = readFileSync(file)
  const disk = openSync(file, 'r+')
  const name = Buffer.from('6204-2RS')
  let copies = 0
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) {
    if (!bytes.subarray(at, at + 60).includes('B2026-1')) continue
    writeSync(disk, Buffer.from('6304'), 0, 4, at)
    copies++
  }
  expect(copies).toBeGreaterThan(0)
  const again = stores.open(folder)
  expect(() => again.find('88.1.2/a')).toThrow('the record "88.1.2/a" is damaged on the disk')
  expect(() => again.publicBlock(Buffer.from('88.1.2/a'))).toThrow(StoreFault)
  expect(again.find('88.1.2/b')).toEqual(partValues(2))
  const outcome = again.change('88.1.2/a', '', () => ({ next: partValues(3) }))
  await expect(outcome).rejects.toThrow('is damaged on the disk')
  expect(await again.verify()).toMatchObject({ ok: false, seq: 1 })
})
