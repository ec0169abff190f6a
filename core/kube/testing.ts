export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './testing/control-plane.ts'
export { type Daemon, type DaemonOptions, startDaemon } from './testing/daemon.ts'
export { type Certificate, type CertificateRequest, createAuthority, issueCertificate } from './testing/pki.ts'
export { findTool, MissingToolError } from './testing/tools.ts'
