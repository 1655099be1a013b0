import { generate } from 'selfsigned';

/** A key and its certificate, PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** Whom a certificate is for: as a client a user and its group, as a server the host names and IP addresses. */
export interface Subject {
  user: string;
  group?: string;
  hosts?: string[];
  addresses?: string[];
}

/** A throwaway CA: its certificate (PEM), and ways to have others certified by it. */
export interface CertificateAuthority {
  cert: string;
  issue(subject: Subject): Promise<KeyPair>;
  issueForLocalhost(): Promise<KeyPair>;
}

export async function createCertificateAuthority(name: string): Promise<CertificateAuthority> {
  const root = await generate([{ name: 'commonName', value: name }], {
    ...elliptic,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { key: root.private, cert: root.cert };
  const issue = async ({ user, group, hosts = [], addresses = [] }: Subject) => {
    const names = [{ name: 'commonName', value: user }];
    if (group !== undefined) names.push({ name: 'organizationName', value: group });
    const altNames = [
      ...hosts.map((value) => ({ type: 2, value }) as const),
      ...addresses.map((ip) => ({ type: 7, ip }) as const),
    ];
    const leaf = await generate(names, {
      ...elliptic,
      ca,
      extensions: [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames } as const]),
      ],
    });
    return { key: leaf.private, cert: leaf.cert };
  };
  return {
    cert: ca.cert,
    issue,
    issueForLocalhost: () => issue({ user: 'localhost', hosts: ['localhost'], addresses: ['127.0.0.1'] }),
  };
}

const elliptic = { keyType: 'ec', algorithm: 'sha256' } as const;
