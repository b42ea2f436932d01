{{/* Names */}}
{{- define "gearbox.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* 40 characters, so that what is put behind it still fits a label. */}}
{{- define "gearbox.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "gearbox.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "gearbox.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "gearbox.selector" -}}
app.kubernetes.io/name: {{ include "gearbox.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The metadata of an object: dict of root, name, and where it has them namespace, component, labels and annotations of its own. */}}
{{- define "gearbox.metadata" -}}
name: {{ .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
{{ include "gearbox.podMetadata" . }}
{{- end }}

{{/* The same for the pods of an object, which have no names yet. */}}
{{- define "gearbox.podMetadata" -}}
{{- $root := .root -}}
labels:
  helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
  {{- include "gearbox.selector" $root | nindent 2 }}
  app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: gearbox
  app.kubernetes.io/managed-by: {{ $root.Release.Service }}
  {{- with .component }}
  app.kubernetes.io/component: {{ . }}
  {{- end }}
  {{- with merge (deepCopy (default dict .labels)) $root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (deepCopy (default dict .annotations)) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "gearbox.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- with $registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{- define "gearbox.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets | uniq -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "gearbox.gatewayAccount" -}}
{{- if .Values.serviceAccount.create }}{{ include "gearbox.fullname" . }}-gateway{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "gearbox.engineAccount" -}}
{{- if .Values.serviceAccount.create }}{{ include "gearbox.fullname" . }}-engine{{ else }}default{{ end }}
{{- end }}

{{- define "gearbox.engineSecret" -}}
{{- default (printf "%s-engine-key" (include "gearbox.fullname" .)) .Values.engines.existingSecret }}
{{- end }}

{{- define "gearbox.apiSecret" -}}
{{- default (printf "%s-api-key" (include "gearbox.fullname" .)) .Values.apiKey.existingSecret }}
{{- end }}

{{/* The pools of engines as YAML, each with the defaults of all and of its hardware. */}}
{{- define "gearbox.pools" -}}
{{- $engines := .Values.engines -}}
{{- $pools := dict -}}
{{- range $name, $own := $engines.pools -}}
{{- if $own -}}
{{- $pool := mergeOverwrite (deepCopy $engines.defaults) (deepCopy $own) -}}
{{- $hardware := index $engines.hardware $pool.hardware -}}
{{- if not $hardware -}}
{{- fail (printf "engines.pools.%s.hardware: no '%s' in engines.hardware, which has %s" $name $pool.hardware (keys $engines.hardware | sortAlpha | join ", ")) -}}
{{- end -}}
{{- if and $pool.autoscaling.enabled $pool.keda.enabled -}}
{{- fail (printf "engines.pools.%s: autoscaling and keda cannot both set the number of pods" $name) -}}
{{- end -}}
{{- if and $pool.keda.enabled (not $pool.keda.serverAddress) (or $pool.keda.waiting $pool.keda.burnRate) -}}
{{- fail (printf "engines.pools.%s.keda.serverAddress: which Prometheus shall KEDA ask?" $name) -}}
{{- end -}}
{{- if and $pool.weights.file (not $pool.weights.existingClaim) -}}
{{- fail (printf "engines.pools.%s.weights.file: needs weights.existingClaim, the claim that has the file" $name) -}}
{{- end -}}
{{- if and (eq $pool.kind "Deployment") (not $pool.weights.pull) (not $pool.weights.existingClaim) -}}
{{- fail (printf "engines.pools.%s.weights: with pull: false and no existingClaim there is nothing to run" $name) -}}
{{- end -}}
{{- range $key := list "name" "variants" "device" "endpoints" "api-key-file" -}}
{{- if hasKey $pool.settings $key -}}
{{- fail (printf "engines.pools.%s.settings.%s: the chart sets it" $name $key) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $pool "device" (default $hardware.device $pool.device) -}}
{{- $_ := set $pool "resources" (default $hardware.resources $pool.resources) -}}
{{- $_ := set $pool "nodeSelector" (default $hardware.nodeSelector $pool.nodeSelector) -}}
{{- $_ := set $pool "tolerations" (default $hardware.tolerations $pool.tolerations) -}}
{{- $_ := set $pools $name $pool -}}
{{- end -}}
{{- end -}}
{{- toYaml $pools -}}
{{- end }}

{{/* The gateway's configuration. */}}
{{- define "gearbox.config" -}}
{{- $root := . -}}
{{- $config := deepCopy .Values.config -}}
{{- range list "host" "port" "admin-port" "drain" -}}
{{- if hasKey (default dict $config.server) . -}}
{{- fail (printf "config.server.%s: the chart sets it%s" . (ternary " from gateway.drainSeconds" "" (eq . "drain"))) -}}
{{- end -}}
{{- end -}}
{{- $server := mergeOverwrite (default dict $config.server) (dict "host" "0.0.0.0" "port" 8080 "admin-port" 9090 "drain" (printf "%ds" (int .Values.gateway.drainSeconds))) -}}
{{- $_ := set $config "server" $server -}}
{{- $pools := default list $config.pools -}}
{{- range $name, $pool := include "gearbox.pools" . | fromYaml -}}
{{- $made := dict "name" $name "variants" (list $pool.variant) "device" "remote" "dialect" "vllm" "hardware" $pool.hardware
  "endpoints" (list (printf "kube:%s/kubernetes.io/service-name=%s-engine-%s" $root.Release.Namespace (include "gearbox.fullname" $root) $name))
  "api-key-file" "/etc/gearbox/engine-key/key" -}}
{{- $pools = append $pools (mergeOverwrite $made $pool.settings) -}}
{{- end -}}
{{- $_ := set $config "pools" $pools -}}
{{- if not (hasKey $config "batches") -}}
{{- $_ := set $config "batches" dict -}}
{{- end -}}
{{- if not $config.batches.directory -}}
{{- $_ := set $config.batches "directory" "/var/lib/gearbox/batches" -}}
{{- end -}}
{{- toYaml (dict "gearbox" $config) -}}
{{- end }}

{{/* Spread and affinity of pods: list of the root, the values of the component and the labels that pick its pods. */}}
{{- define "gearbox.placement" -}}
{{- $values := index . 1 -}}
{{- $labels := index . 2 -}}
affinity:
  {{- if $values.affinity }}
  {{- toYaml $values.affinity | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- $labels | nindent 14 }}
  {{- end }}
topologySpreadConstraints:
  {{- if $values.topologySpreadConstraints }}
  {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $labels | nindent 8 }}
  {{- end }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* An init container that fetches weights: list of the root and the variants. */}}
{{- define "gearbox.pull" -}}
{{- $root := index . 0 -}}
- name: pull
  image: {{ include "gearbox.image" $root }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: {{ concat (list "pull") (index . 1) | toJson }}
  env:
    - {name: GEARBOX_MODELS, value: /models}
    - {name: JDK_JAVA_OPTIONS, value: "-XX:MaxRAMPercentage=50"}
  securityContext:
    {{- toYaml $root.Values.containerSecurityContext | nindent 4 }}
  resources:
    requests: {cpu: 100m, memory: 512Mi}
    limits: {cpu: "1", memory: 512Mi}
  volumeMounts:
    - {name: models, mountPath: /models}
    - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Probes: list of the values of the component, the scheme of its API, and the path that says that it has started. */}}
{{- define "gearbox.probes" -}}
{{- $values := index . 0 -}}
{{- $scheme := index . 1 -}}
{{- $start := index . 2 -}}
startupProbe:
  {{- if $values.startupProbe }}
  {{- toYaml $values.startupProbe | nindent 2 }}
  {{- else }}
  httpGet: {path: {{ $start }}, port: http, scheme: {{ $scheme }}}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 300
  {{- end }}
livenessProbe:
  {{- if $values.livenessProbe }}
  {{- toYaml $values.livenessProbe | nindent 2 }}
  {{- else }}
  httpGet: {path: /health/live, port: http, scheme: {{ $scheme }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
  {{- end }}
readinessProbe:
  {{- if $values.readinessProbe }}
  {{- toYaml $values.readinessProbe | nindent 2 }}
  {{- else }}
  httpGet: {path: /health/ready, port: http, scheme: {{ $scheme }}}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
  {{- end }}
{{- end }}

{{- define "gearbox.pdb" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $pdb := index . 2 -}}
{{- $labels := index . 3 -}}
{{- $component := index . 4 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "gearbox.metadata" (dict "root" $root "name" $name "component" $component) | nindent 2 }}
spec:
  {{- if not (kindIs "invalid" $pdb.minAvailable) }}
  minAvailable: {{ $pdb.minAvailable }}
  {{- else }}
  maxUnavailable: {{ $pdb.maxUnavailable }}
  {{- end }}
  # A pod that never got ready may always go: it serves nobody and would hold up the node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- $labels | nindent 6 }}
{{- end }}
