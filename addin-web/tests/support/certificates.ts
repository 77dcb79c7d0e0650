// Certificates for tests: an authority of the test's own, trusted by Chromium through an NSS store in a temporary home.
//
// No test ignores certificate errors: what a page loads here is checked as on a user's machine.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Authority and leaf as PEM files. */
export interface Certificates {
  authority: string;
  certificate: string;
  key: string;
}

/** Makes an authority and a leaf for `localhost` in a folder. */
export function makeCertificates(officeHost: string, folder: string): Certificates {
  execFileSync(officeHost, ["certificates", folder]);
  return {
    authority: join(folder, "authority.pem"),
    certificate: join(folder, "certificate.pem"),
    key: join(folder, "key.pem"),
  };
}

/** A home folder whose NSS store trusts an authority, for a browser's `HOME`. */
export class TrustingHome {
  readonly path = mkdtempSync(join(tmpdir(), "deskhand-home-"));

  constructor(...authorities: string[]) {
    const store = join(this.path, ".pki/nssdb");
    mkdirSync(store, { recursive: true });
    execFileSync("certutil", ["-N", "-d", `sql:${store}`, "--empty-password"]);
    for (const [index, authority] of authorities.entries()) {
      const name = `test authority ${String(index)}`;
      execFileSync("certutil", ["-A", "-d", `sql:${store}`, "-n", name, "-t", "C,,", "-i", authority]);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
