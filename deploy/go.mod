module headcount.example/deploy

go 1.26.0
