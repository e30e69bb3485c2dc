import { type ChildProcess, spawn } from 'node:child_process'

/** A serial port that is played: what goes in at `path` comes out at a TCP port, and back. For tests. */
export interface PseudoTerminal {
  path: string
  stop(): void
}

const bridge = `
import os, pty, select, socket, sys, tty
ours, theirs = pty.openpty()
tty.setraw(theirs)
line = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
print('PTY is', os.ttyname(theirs), flush=True)
while True:
    for end in select.select([ours, line], [], [])[0]:
        data = os.read(ours, 1024) if end is ours else line.recv(1024)
        if not data: sys.exit()
        line.sendall(data) if end is ours else os.write(ours, data)
`

/** Bridges a pseudo-terminal to a TCP port by socat or else Python; a sentence when this machine has neither. */
export async function pseudoTerminalTo(port: number): Promise<PseudoTerminal | string> {
  const ways: [string, string[]][] = [
    ['socat', ['-d', '-d', 'PTY,raw,echo=0', `TCP:127.0.0.1:${port}`]],
    ['python3', ['-c', bridge, String(port)]],
  ]
  for (const [program, args] of ways) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const path = await pathSaidBy(child)
    if (path !== undefined) return { path, stop: () => child.kill() }
  }
  return 'neither socat nor python3 makes a pseudo-terminal here, so the serial line was not tried'
}

function pathSaidBy(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk
      const path = /PTY is (\S+)\s/.exec(said)?.[1]
      if (path !== undefined) resolve(path)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.on('error', () => resolve(undefined))
    child.on('exit', () => resolve(undefined))
  })
}
