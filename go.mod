module headcount.example

go 1.26.0
