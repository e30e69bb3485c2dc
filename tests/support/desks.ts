import { samplePdf } from '@kapok/world/papers'
import type { Locator, Page } from 'playwright-core'

/** The text of an element that has come. */
export async function textOf(element: Locator): Promise<string> {
  return (await element.textContent()) ?? ''
}

/** Fills fields by their labels. */
export async function fill(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value)
}

/** A filing in parts: fill a part, keep it, attach the papers, check, submit. */
export class PapersDesk {
  readonly #page: Page
  constructor(page: Page) {
    this.#page = page
  }
  async section(name: string): Promise<void> {
    await this.#page.getByRole('button', { name, exact: true }).click()
  }
  fill(values: Record<string, string>): Promise<void> {
    return fill(this.#page, values)
  }
  async keep(): Promise<void> {
    await this.#page.getByRole('button', { name: '保存并返回清单' }).click()
  }
  /** Kinds of paper by the word on the page, each with a file's name. */
  async attach(papers: Record<string, string>): Promise<void> {
    await this.section('上传材料')
    for (const [kind, name] of Object.entries(papers)) {
      await this.#page.getByLabel('材料种类').selectOption({ label: kind })
      await this.#page
        .getByLabel('添加材料')
        .setInputFiles({ name: `${name}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from(samplePdf(name)) })
      await this.#page.getByRole('link', { name: `${name}.pdf` }).waitFor()
    }
    await this.#page.getByRole('button', { name: '继续' }).click()
  }
  /** Checks the answers, submits, and gives the case number of the confirmation. */
  async submit(): Promise<string> {
    await this.#page.getByRole('button', { name: '核对并提交' }).click()
    await this.#page.getByRole('button', { name: '提交', exact: true }).click()
    await this.#page.getByRole('heading', { name: '已提交' }).waitFor()
    return textOf(this.#page.locator('.confirmation .figure'))
  }
}

interface Words {
  reason?: string
  toStep?: string
}

/** The page of a case, found by its number in the person's own list. */
export class CaseDesk {
  readonly #page: Page
  readonly #queue: string
  constructor(page: Page, queue = '/review') {
    this.#page = page
    this.#queue = queue
  }
  async open(caseNo: string): Promise<void> {
    await this.#page.goto(this.#queue)
    await this.#page.getByRole('link', { name: caseNo }).first().click()
    await this.#page.getByRole('heading', { name: new RegExp(caseNo) }).waitFor()
  }
  async act(caseNo: string, verb: string, more: Words = {}): Promise<void> {
    await this.open(caseNo)
    await this.decide(verb, more)
  }
  /** Decides the case that is open. */
  async decide(verb: string, more: Words = {}): Promise<void> {
    const page = this.#page
    await page.getByLabel(verb, { exact: true }).check()
    if (more.toStep) await page.getByLabel('退回到').selectOption({ label: more.toStep })
    if (more.reason) await page.getByLabel(/^(理由|说明)/).fill(more.reason)
    await page.getByRole('button', { name: '继续' }).click()
    await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click()
    await page.getByText('已办理，结果已写入经过。').waitFor()
  }
}
