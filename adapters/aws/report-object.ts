/** Object name of a report in the reports bucket. */
export function reportObject(report: string, day: string, extension: string): string {
  return `reports/${report}/${day}.${extension}`;
}
