// Receives OTLP over HTTP, on the address of its argument, by the receiver of OpenTelemetry's Collector, and writes what
// comes to stdout: a line of JSON for each push.
package main

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := receive(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(`{"listening":true}`)
	select {}
}

func receive(ctx context.Context, address string) error {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	http := map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": address}}}
	if err := confmap.NewFromStringMap(http).Unmarshal(config); err != nil {
		return err
	}
	metrics, err := consumer.NewMetrics(func(_ context.Context, pushed pmetric.Metrics) error {
		return write((&pmetric.JSONMarshaler{}).MarshalMetrics(pushed))
	})
	if err != nil {
		return err
	}
	traces, err := consumer.NewTraces(func(_ context.Context, pushed ptrace.Traces) error {
		return write((&ptrace.JSONMarshaler{}).MarshalTraces(pushed))
	})
	if err != nil {
		return err
	}
	settings := receivertest.NewNopSettings(factory.Type())
	metricsReceiver, err := factory.CreateMetrics(ctx, settings, config, metrics)
	if err != nil {
		return err
	}
	// The same receiver, which is started once.
	if _, err := factory.CreateTraces(ctx, settings, config, traces); err != nil {
		return err
	}
	return metricsReceiver.Start(ctx, componenttest.NewNopHost())
}

func write(line []byte, err error) error {
	if err == nil {
		_, err = fmt.Printf("%s\n", line)
	}
	return err
}
