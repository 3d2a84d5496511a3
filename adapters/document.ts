import type { Client } from '../core/client.ts';
import type { DailyReport } from '../core/report.ts';

/** What a document may say beside the report itself. */
export interface DocumentContext {
  readonly client: Client;
  /** Printed when given: pass the schedule's instant, so that a repeated run writes the same bytes. */
  readonly generatedAt?: Date;
}

/** One file format of a report: its file in `documents/` is named after it. */
export interface ReportDocument {
  /** The name of its file. */
  readonly id: string;
  /** Of the object's name, without a dot. */
  readonly extension: string;
  readonly contentType: string;
  /** Writes the report: the same input gives the same bytes. */
  render(report: DailyReport, context: DocumentContext): Buffer;
}

/** The formats that every report is written in. */
export const DOCUMENT_FORMATS = ['html', 'csv', 'json'] as const;

/** A document format is a file in ./documents whose name is its id. */
export async function loadDocument(id: string): Promise<ReportDocument> {
  const module: { default: ReportDocument } = await import(`./documents/${id}.ts`);
  return module.default;
}
