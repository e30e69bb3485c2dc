import { uploadFile } from '@kapok/contracts/case'
import type { OrganisationKey } from '../province.ts'
import { recall, type Stage } from './desk.ts'

export type FileRole = 'licence' | 'contract' | 'invoice' | 'payment' | 'acceptance' | 'other'

/** A PDF of one page that says what it stands for (PDF 1.4, ISO 32000-1 §7.5, with a cross-reference table). */
export function samplePdf(title: string): Uint8Array {
  const text = title.replace(/[^\x20-\x7e]/g, '?').replace(/[\\()]/g, '\\$&')
  const stream = `BT /F1 18 Tf 60 760 Td (${text}) Tj 0 -28 Td /F1 11 Tf (Sample paper of the Kapok world. Not a real document.) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let file = '%PDF-1.4\n'
  const offsets = objects.map((object, i) => {
    const at = file.length
    file += `${i + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = file.length
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  for (const at of offsets) file += `${String(at).padStart(10, '0')} 00000 n \n`
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`
  return new TextEncoder().encode(file)
}

const fileNames: Record<FileRole, string> = {
  licence: '营业执照',
  contract: '合同',
  invoice: '发票',
  payment: '付款凭证',
  acceptance: '验收证明',
  other: '价格明细',
}

export async function attach(stage: Stage, who: OrganisationKey, caseName: string, role: FileRole): Promise<void> {
  await stage.person(who).call(uploadFile, {
    params: { caseId: recall(stage, caseName) },
    query: { role, name: `${fileNames[role]}.pdf` },
    body: samplePdf(`${role} of ${caseName} (${who})`),
  })
}
