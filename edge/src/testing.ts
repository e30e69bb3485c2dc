export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const began = Date.now(); !(await holds()); await new Promise((go) => setTimeout(go, 20)))
    if (Date.now() - began > 30_000) throw new Error(`waited in vain for ${what}`)
}
