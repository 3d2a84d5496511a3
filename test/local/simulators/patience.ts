/** How long a call waits that is to be answered, in milliseconds: a machine with other work is no fault of the vendor's. */
export const PATIENT_MS = 10_000;

/** How long a call waits that is never answered: long enough to arrive, and no longer than a test may take. */
export const IMPATIENT_MS = 1_500;

/** How long a purchase waits that meets this fault. */
export function patienceFor(fault: string | undefined): number {
  return fault === 'slow' || fault?.startsWith('hang') === true ? IMPATIENT_MS : PATIENT_MS;
}
