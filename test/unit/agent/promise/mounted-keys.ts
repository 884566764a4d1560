import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../../../src/controllers/keys/certificate.ts';

/** A directory into which a Secret is mounted, with versions and links as kubelet makes them. */
export class MountedKeys {
  readonly directory: string;
  #versions = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async empty(): Promise<MountedKeys> {
    return new MountedKeys(await mkdtemp(join(tmpdir(), 'keys-')));
  }

  async bring(files: Record<string, string>): Promise<void> {
    const version = `..version_${++this.#versions}`;
    await mkdir(join(this.directory, version));
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.directory, version, name), text);
    await symlink(version, join(this.directory, '..data_tmp'));
    await rename(join(this.directory, '..data_tmp'), join(this.directory, '..data'));
  }

  bringKeys(keys: KeyPair, ...trusted: KeyPair[]): Promise<void> {
    return this.bring(secretFiles(keys, ...trusted));
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}

/** What the operator writes into a pair's Secret. */
export const secretFiles = (keys: KeyPair, ...trusted: KeyPair[]) => ({
  'ca.crt': trusted.map(({ certificate }) => certificate.pem).join(''),
  'tls.crt': keys.certificate.pem,
  'tls.key': keys.privateKey,
});
