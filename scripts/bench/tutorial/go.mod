module hello-webhook/scripts/bench/tutorial

go 1.21
