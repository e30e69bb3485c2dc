import type { Template, TemplateField } from './template-json.ts'

/** Of a template with records, what of the new form could make one of them wrong; empty when all stay right. */
export function narrowings(before: Template, after: Template): string[] {
  const known = new Map(before.fields.map((field) => [field.index, field]))
  return after.fields.flatMap((field) => {
    const old = known.get(field.index)
    if (old === undefined) return [`${field.name} is new at index ${field.index}, where records may have another value`]
    return fieldNarrowings(old, field)
  })
}

function fieldNarrowings(old: TemplateField, field: TemplateField): string[] {
  const { name } = field
  const rises = (one: number | undefined, other: number | undefined) =>
    other !== undefined && other > (one ?? -Infinity)
  const falls = (one: number | undefined, other: number | undefined) => other !== undefined && other < (one ?? Infinity)
  const found: [boolean, string][] = [
    [name !== old.name, `${old.name} would become ${name}`],
    [field.kind !== old.kind, `${name} would be a ${field.kind}`],
    [field.required && !old.required, `${name} would be required`],
    [field.unit !== old.unit, `${name} would have another unit`],
    [rises(old.minimum, field.minimum) || falls(old.maximum, field.maximum), `the range of ${name} would shrink`],
    [
      rises(old.minLength, field.minLength) || falls(old.maxLength, field.maxLength),
      `the lengths of ${name} would shrink`,
    ],
    [field.pattern !== undefined && field.pattern !== old.pattern, `${name} would have another pattern`],
    [lacks(field.choices, old.choices), `choices of ${name} would go`],
    [field.access !== old.access, `${name} would be read by others`],
  ]
  return found.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []))
}

const lacks = (choices: readonly string[] | undefined, old: readonly string[] | undefined): boolean =>
  choices !== undefined && (old === undefined || old.some((each) => !choices.includes(each)))
