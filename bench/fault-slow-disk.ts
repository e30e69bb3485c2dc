import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

// Preloaded by the proof of overload: a disk that takes two seconds for every sync.
const { fdatasync } = fs
fs.fdatasync = ((fd: number, done: fs.NoParamCallback) => {
  setTimeout(() => fdatasync(fd, done), 2000)
}) as typeof fdatasync
syncBuiltinESMExports()
