module hello-webhook/scripts/bench/seed

go 1.21
