module hello-webhook/test/bench/seed

go 1.21
