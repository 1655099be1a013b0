// Reads JSON strings, one a line: documents. Writes what sigs.k8s.io/yaml makes of each, a line of JSON each, or "ERR …".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var document string
		if err := json.Unmarshal(lines.Bytes(), &document); err != nil {
			panic(err)
		}
		read, err := yaml.YAMLToJSONStrict([]byte(document))
		if err != nil {
			read, _ = json.Marshal(map[string]string{"error": err.Error()})
			fmt.Printf("error %s\n", read)
			continue
		}
		fmt.Printf("value %s\n", read)
	}
}
