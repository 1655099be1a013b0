import { generate } from 'selfsigned';

/** A key and its certificate, PEM. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** A throwaway certificate authority: its certificate (PEM), and a way to have 127.0.0.1 and localhost certified by it. */
export interface CertificateAuthority {
  cert: string;
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
  return {
    cert: ca.cert,
    issueForLocalhost: async () => {
      const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
        ...elliptic,
        ca,
        extensions: [
          { name: 'extKeyUsage', serverAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              { type: 2, value: 'localhost' },
              { type: 7, ip: '127.0.0.1' },
            ],
          },
        ],
      });
      return { key: leaf.private, cert: leaf.cert };
    },
  };
}

const elliptic = { keyType: 'ec', algorithm: 'sha256' } as const;
