/**
 * The characters of GS1 element strings in the order of their values (GS1 General Specifications, figures "GS1 AI encodable
 * character set 82" and "39", and CSET 32 of the check character pair).
 */
export const cset82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`
export const cset39 = '#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
export const cset32 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_='

/** A kind of data in an AI's format, and how people are told of it. */
export const characterKinds = {
  N: { characters: '0123456789', expected: 'a digit' },
  X: { characters: cset82, expected: 'a character of GS1 set 82 (letters, digits and !"%&\'()*+,-./:;<=>?_)' },
  Y: { characters: cset39, expected: 'a character of GS1 set 39 (capital letters, digits and #-/)' },
  Z: { characters: base64url, expected: 'a character of base64url' },
} as const

export type CharacterKind = keyof typeof characterKinds

const sets: Readonly<Record<CharacterKind, ReadonlySet<string>>> = {
  N: new Set(characterKinds.N.characters),
  X: new Set(characterKinds.X.characters),
  Y: new Set(characterKinds.Y.characters),
  Z: new Set(characterKinds.Z.characters),
}

/** Where the first character stands that is not of the kind, -1 when all are. */
export function firstOutside(kind: CharacterKind, text: string): number {
  const allowed = sets[kind]
  for (let at = 0; at < text.length; at++) if (!allowed.has(text[at] ?? '')) return at
  return -1
}
