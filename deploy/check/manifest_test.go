// Package check holds the manifest for Kubernetes against the API's own types. It is a module of
// its own, so that ftplab does not depend on them.
package check

import (
	"bytes"
	"os"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestManifest decodes each object strictly: a field that the API does not have, or one of
// another type, is an error.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile("../kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := bytes.Split(text, []byte("\n---\n"))
	if len(objects) != 2 {
		t.Fatalf("got %d objects, want 2", len(objects))
	}
	var claim corev1.PersistentVolumeClaim
	if err := yaml.UnmarshalStrict(objects[0], &claim); err != nil {
		t.Errorf("the claim: %v", err)
	}
	var job batchv1.Job
	if err := yaml.UnmarshalStrict(objects[1], &job); err != nil {
		t.Fatalf("the job: %v", err)
	}
	if err := yaml.UnmarshalStrict([]byte("spec: {completionMod: Indexed}"), &batchv1.Job{}); err == nil {
		t.Error("got no error for a field that does not exist")
	}
	pod := job.Spec.Template.Spec
	container := pod.Containers[0]
	for what, ok := range map[string]bool{
		"is a Job of batch/v1":              job.Kind == "Job" && job.APIVersion == "batch/v1",
		"is indexed":                        *job.Spec.CompletionMode == batchv1.IndexedCompletion,
		"has the shards it asks for":        *job.Spec.Completions == 8 && container.Args[3] == "--shard=/8",
		"uses the claim":                    pod.Volumes[0].PersistentVolumeClaim.ClaimName == claim.Name,
		"tries a shard again":               *job.Spec.BackoffLimitPerIndex > 0 && pod.RestartPolicy == corev1.RestartPolicyNever,
		"is no root (restricted)":           *pod.SecurityContext.RunAsNonRoot,
		"has a seccomp profile":             pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"gains no privilege (restricted)":   !*container.SecurityContext.AllowPrivilegeEscalation && container.SecurityContext.Privileged == nil,
		"drops all capabilities":            container.SecurityContext.Capabilities.Drop[0] == "ALL" && container.SecurityContext.Capabilities.Add == nil,
		"uses no network or path of a host": !pod.HostNetwork && !pod.HostPID && pod.Volumes[0].HostPath == nil,
	} {
		if !ok {
			t.Errorf("the manifest has not what is said of it: it %s", what)
		}
	}
}
