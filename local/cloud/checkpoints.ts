import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** How far each stream mapping has read, kept on disk. */
export interface Checkpoints {
  get(stream: string): string | undefined;
  set(stream: string, sequenceNumber: string): void;
  close(): void;
}

/**
 * Opens the runner's own database, and holds it: the lock falls when this process ends, whatever it ends of.
 * @throws Error when another run holds the data folder
 */
export function openCheckpoints(dataFolder: string): Checkpoints {
  const database = new DatabaseSync(join(dataFolder, 'runner.db'), { timeout: 500 });
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS checkpoint (stream TEXT PRIMARY KEY, sequence_number TEXT NOT NULL); COMMIT',
    );
  } catch (cause) {
    database.close();
    throw new Error(`Another run uses ${dataFolder}; stop it, or choose another data folder.`, { cause });
  }
  const select = database.prepare('SELECT sequence_number FROM checkpoint WHERE stream = ?');
  const upsert = database.prepare('INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET sequence_number = excluded.sequence_number');
  return {
    get: (stream) => {
      const found = select.get(stream)?.sequence_number;
      return typeof found === 'string' ? found : undefined;
    },
    set: (stream, sequenceNumber) => {
      upsert.run(stream, sequenceNumber);
    },
    close: () => database.close(),
  };
}
