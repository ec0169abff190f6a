{{/* Labels that every object has. */}}
{{- define "zstack.labels" -}}
app.kubernetes.io/name: zstack-ovn-kubernetes
{{- end }}

{{/* An address as it stands in a remote. */}}
{{- define "zstack.host" -}}
{{- if contains ":" . }}[{{ . }}]{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Whether the databases are spoken to over TLS. */}}
{{- define "zstack.tls" -}}
{{- if or .Values.ovn.ssl.enabled .Values.ovn.ssl.secret }}true{{ end }}
{{- end }}

{{/* Remotes of all database nodes, on a port: dict "root" $ "port" 6641 */}}
{{- define "zstack.remotes" -}}
{{- $remotes := list }}
{{- $kind := ternary "ssl" "tcp" (eq (include "zstack.tls" .root) "true") }}
{{- range .root.Values.ovn.standalone.addresses }}{{ $remotes = append $remotes (printf "%s:%s:%d" $kind (include "zstack.host" .) (int $.port)) }}{{ end }}
{{- join "," $remotes }}
{{- end }}

{{- define "zstack.nb" -}}
{{- .Values.ovn.nbdbAddress | default (include "zstack.remotes" (dict "root" . "port" 6641)) }}
{{- end }}
{{- define "zstack.sb" -}}
{{- .Values.ovn.sbdbAddress | default (include "zstack.remotes" (dict "root" . "port" 6642)) }}
{{- end }}

{{- define "zstack.standalone" -}}
{{- if eq .Values.ovn.mode "standalone" }}true{{ end }}
{{- end }}

{{/* What would be found out only by pods that do not start. */}}
{{- define "zstack.check" -}}
{{- $ovn := .Values.ovn }}
{{- if eq $ovn.mode "standalone" }}
{{- $wanted := ternary 3 1 (eq $ovn.standalone.haMode "ha") }}
{{- if ne (len $ovn.standalone.addresses) $wanted }}
{{- fail (printf "ovn.standalone.addresses: expected the InternalIPs of the nodes that run the databases, %d with haMode %s; got %d: --set 'ovn.standalone.addresses={192.0.2.1%s}'" $wanted $ovn.standalone.haMode (len $ovn.standalone.addresses) (ternary ",192.0.2.2,192.0.2.3" "" (eq $wanted 3))) }}
{{- end }}
{{- range $which := list "nbdb" "sbdb" }}
{{- if (index $ovn.standalone $which).storage.enabled }}
{{- fail (printf "ovn.standalone.%s.storage.enabled: a database's file lies on its node, as does its address (ovn.standalone.dataDir): a claim that moves to another node would come without it; expected false" $which) }}
{{- end }}
{{- end }}
{{- else if or (not $ovn.nbdbAddress) (not $ovn.sbdbAddress) }}
{{- fail "ovn.nbdbAddress, ovn.sbdbAddress: expected the addresses of ZStack's databases in mode external: --set ovn.nbdbAddress=tcp:192.0.2.1:6641 --set ovn.sbdbAddress=tcp:192.0.2.1:6642" }}
{{- else if and $ovn.ssl.secret (not (contains "ssl:" (print $ovn.nbdbAddress $ovn.sbdbAddress))) }}
{{- fail (printf "ovn.nbdbAddress, ovn.sbdbAddress: expected ssl: addresses with ovn.ssl.secret; got %s and %s" $ovn.nbdbAddress $ovn.sbdbAddress) }}
{{- end }}
{{- end }}

{{/* The configuration file: all values but those that only a deployment has. */}}
{{- define "zstack.config" -}}
{{- $values := omit (deepCopy .Values) "controller" "node" "imagePullSecrets" "global" }}
{{- $ovn := omit $values.ovn "standalone" }}
{{- $_ := set $ovn "nbdbAddress" (include "zstack.nb" .) }}
{{- $_ := set $ovn "sbdbAddress" (include "zstack.sb" .) }}
{{- $_ := set $ovn "ssl" (fromYaml (include "zstack.tlsFiles" .)) }}
{{- $_ := set $ovn.ssl "enabled" (eq (include "zstack.tls" .) "true") }}
{{- $_ := set $values "ovn" $ovn }}
{{- toYaml $values }}
{{- end }}

{{/* Changes with the configuration, so that pods are replaced with it. */}}
{{- define "zstack.configHash" -}}
{{ include "zstack.config" . | sha256sum | trunc 16 }}
{{- end }}

{{/* The volume of the configuration. */}}
{{- define "zstack.configVolume" -}}
- name: config
  configMap:
    name: zstack-ovn-config
    items:
      - { key: config.yaml, path: config.yaml }
{{- end }}

{{/* The TLS files, and their folders, each once. */}}
{{- define "zstack.tlsFiles" -}}
{{- with .Values.ovn.ssl }}
caCert: {{ .caCert | default "/etc/ovn/ssl/ca.crt" }}
clientCert: {{ .clientCert | default "/etc/ovn/ssl/tls.crt" }}
clientKey: {{ .clientKey | default "/etc/ovn/ssl/tls.key" }}
{{- end }}
{{- end }}
{{- define "zstack.tlsFolders" -}}
{{- with fromYaml (include "zstack.tlsFiles" .) }}{{ list (dir .caCert) (dir .clientCert) (dir .clientKey) | uniq | join " " }}{{ end }}
{{- end }}

{{/* Their volumes: the Secret, or folders of the node. */}}
{{- define "zstack.tlsVolumes" -}}
{{- if .Values.ovn.ssl.secret }}
- name: tls
  secret: { secretName: {{ .Values.ovn.ssl.secret }} }
{{- else if include "zstack.tls" . }}
{{- range $index, $folder := splitList " " (include "zstack.tlsFolders" .) }}
- name: tls{{ if $index }}-{{ $index }}{{ end }}
  hostPath: { path: {{ $folder }}, type: Directory }
{{- end }}
{{- end }}
{{- end }}

{{- define "zstack.tlsMounts" -}}
{{- if include "zstack.tls" . }}
{{- $secret := .Values.ovn.ssl.secret }}
{{- range $index, $folder := splitList " " (include "zstack.tlsFolders" .) }}
- { name: tls{{ if and $index (not $secret) }}-{{ $index }}{{ end }}, mountPath: {{ $folder }}, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{/* Options of OVN's programs: files that change are read again, by each of them. */}}
{{- define "zstack.tlsOptions" -}}
{{- if include "zstack.tls" . }}
{{- with fromYaml (include "zstack.tlsFiles" .) }}
- --private-key={{ .clientKey }}
- --certificate={{ .clientCert }}
- --ca-cert={{ .caCert }}
{{- end }}
{{- end }}
{{- end }}

{{/* A database, as nb and sb differ only in names: dict "root" $ "which" "nb" "port" 6641 "values" .Values.ovn.standalone.nbdb */}}
{{- define "zstack.database" -}}
{{- $root := .root }}
{{- $name := printf "ovn-%s-db" .which }}
{{- $ha := eq $root.Values.ovn.standalone.haMode "ha" }}
apiVersion: apps/v1
kind: {{ ternary "StatefulSet" "Deployment" $ha }}
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    app: {{ $name }}
    {{- include "zstack.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $name }}
spec:
  replicas: {{ .values.replicas | default (ternary 3 1 $ha) }}
  {{- if $ha }}
  serviceName: {{ $name }}
  # The members of a new cluster need one another.
  podManagementPolicy: Parallel
  {{- else }}
  # The file has one owner at a time.
  strategy: { type: Recreate }
  {{- end }}
  selector:
    matchLabels:
      app: {{ $name }}
  template:
    metadata:
      labels:
        app: {{ $name }}
        {{- include "zstack.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $name }}
    spec:
      priorityClassName: system-cluster-critical
      # The pod network needs the databases, so they cannot live in it. A member of a cluster is its node: its address and its file.
      hostNetwork: true
      dnsPolicy: Default
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      tolerations:
        - operator: Exists
      nodeSelector:
        {{- toYaml $root.Values.ovn.standalone.nodeSelector | nindent 8 }}
      {{- if $ha }}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector: { matchLabels: { app: {{ $name }} } }
      {{- end }}
      containers:
        - name: {{ $name }}
          image: {{ $root.Values.ovn.standalone.image.repository }}:{{ $root.Values.ovn.standalone.image.tag }}
          command: [ovn-db, {{ .which }}]
          env:
            - name: HOST_IP
              valueFrom: { fieldRef: { fieldPath: status.hostIP } }
            - name: OVN_DB_ADDRESSES
              valueFrom: { configMapKeyRef: { name: zstack-ovn-config, key: OVN_DB_ADDRESSES } }
            # ovn-nbctl and ovn-sbctl find the leader by these.
            - name: OVN_NB_DB
              valueFrom: { configMapKeyRef: { name: zstack-ovn-config, key: OVN_NB_DB } }
            - name: OVN_SB_DB
              valueFrom: { configMapKeyRef: { name: zstack-ovn-config, key: OVN_SB_DB } }
            {{- if include "zstack.tls" $root }}
            # For the server, and for tools in this container.
            {{- range list "OVN_TLS_OPTIONS" "OVN_NBCTL_OPTIONS" "OVN_SBCTL_OPTIONS" }}
            - name: {{ . }}
              value: {{ include "zstack.tlsOptions" $root | trim | replace "- " "" | replace "\n" " " }}
            {{- end }}
            {{- end }}
          ports:
            - { name: ovsdb, containerPort: {{ .port }} }
            {{- if $ha }}
            - { name: raft, containerPort: {{ add .port 2 }} }
            {{- end }}
          lifecycle:
            preStop:
              # {{ if $ha }}Hands the leadership over, and leaves{{ else }}Leaves{{ end }} the file as it is wanted.
              exec: { command: [ovs-appctl, -t, /var/run/ovn/ovn{{ .which }}_db.ctl, exit] }
          # Restarted where it does not answer.{{ if $ha }} A first member that waits for the others is alive.{{ end }}
          livenessProbe:
            exec: { command: [ovsdb-client, --timeout=5, list-dbs, "unix:/var/run/ovn/ovn{{ .which }}_db.sock"] }
            {{- if $ha }}
            initialDelaySeconds: 300
            {{- end }}
            periodSeconds: 15
            timeoutSeconds: 6
            failureThreshold: 4
          readinessProbe:
            {{- if $ha }}
            # A member, and in touch with the leader.
            exec: { command: [ovsdb-client, --timeout=5, wait, "unix:/var/run/ovn/ovn{{ .which }}_db.sock", {{ ternary "OVN_Northbound" "OVN_Southbound" (eq .which "nb") }}, connected] }
            {{- else }}
            exec: { command: [ovsdb-client, --timeout=5, list-dbs, "unix:/var/run/ovn/ovn{{ .which }}_db.sock"] }
            {{- end }}
            periodSeconds: 5
            timeoutSeconds: 6
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: data, mountPath: /var/lib/ovn }
            - { name: run, mountPath: /var/run/ovn }
            {{- with include "zstack.tlsMounts" $root }}{{ . | trim | nindent 12 }}{{ end }}
      volumes:
        # It outlives the pod. Should it be lost nevertheless, the controller writes the contents anew.
        - name: data
          hostPath: { path: {{ $root.Values.ovn.standalone.dataDir }}, type: DirectoryOrCreate }
        - name: run
          hostPath: { path: /var/run/ovn, type: DirectoryOrCreate }
        {{- with include "zstack.tlsVolumes" $root }}{{ . | trim | nindent 8 }}{{ end }}
---
# For people and tools; the product itself is told the addresses in its configuration.
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "zstack.labels" $root | nindent 4 }}
spec:
  {{- if $ha }}
  clusterIP: None
  # Members have to find one another before they are ready.
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    app: {{ $name }}
  ports:
    - { name: ovsdb, port: {{ .port }}, targetPort: {{ .port }} }
{{- end }}
