// What the function is compared with: the mutating webhook of the tutorial it began with, in Go, with nothing but the
// standard library. It reads the Pod, adds the volume, a mount for each container and a label, and answers with a
// JSONPatch. It checks, verifies and logs nothing.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
)

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID    string          `json:"uid"`
	Object json.RawMessage `json:"object"`
}

type response struct {
	UID       string `json:"uid"`
	Allowed   bool   `json:"allowed"`
	PatchType string `json:"patchType"`
	Patch     []byte `json:"patch"`
}

type pod struct {
	Spec struct {
		Volumes    []json.RawMessage            `json:"volumes"`
		Containers []map[string]json.RawMessage `json:"containers"`
	} `json:"spec"`
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

const (
	volume = `{"name":"hello-volume","configMap":{"name":"hello-configmap"}}`
	mount  = `{"name":"hello-volume","mountPath":"/etc/config"}`
)

func patch(object []byte) ([]byte, error) {
	var p pod
	if err := json.Unmarshal(object, &p); err != nil {
		return nil, err
	}
	for _, container := range p.Spec.Containers {
		var mounts []json.RawMessage
		if there, ok := container["volumeMounts"]; ok {
			if err := json.Unmarshal(there, &mounts); err != nil {
				return nil, err
			}
		}
		all, err := json.Marshal(append(mounts, json.RawMessage(mount)))
		if err != nil {
			return nil, err
		}
		container["volumeMounts"] = all
	}
	return json.Marshal([]operation{
		{"add", "/metadata/labels/hello-added", "OK"},
		{"add", "/spec/volumes", append(p.Spec.Volumes, json.RawMessage(volume))},
		{"replace", "/spec/containers", p.Spec.Containers},
	})
}

func mutate(w http.ResponseWriter, r *http.Request) {
	var asked review
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Request == nil {
		http.Error(w, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	operations, err := patch(asked.Request.Object)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := json.Marshal(review{
		asked.APIVersion, asked.Kind, nil, &response{asked.Request.UID, true, "JSONPatch", operations},
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.Write(answer)
}

func main() {
	http.HandleFunc("/mutate", mutate)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
